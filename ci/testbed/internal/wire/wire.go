// Package wire joins the clusters of a test bed: a network namespace for each, cabled to one bridge.
//
// The bridge has a namespace of its own, so that traffic between clusters meets none of the machine's firewall rules
// (Docker's drop it), and the machine gets exactly one interface and one route for each cluster. No cluster has a
// default route: nothing inside can reach the machine's network, let alone the world.
package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

const (
	bridge  = "br0"
	uplink  = "eth0" // the cluster's end of its cable
	netnsAt = "/run/netns"
)

// Path of a network namespace.
func Path(name string) string { return filepath.Join(netnsAt, name) }

// Up makes what is missing of the bed's network and leaves what is there.
func Up(b *plan.Bed) error {
	if err := free(b); err != nil {
		return err
	}
	hub, err := openNamespace(b.SwitchNetns())
	if err != nil {
		return err
	}
	defer hub.close()
	if err := hub.ensureBridge(); err != nil {
		return fmt.Errorf("bridge in %s: %w", b.SwitchNetns(), err)
	}
	if err := plugMachine(b, hub); err != nil {
		return fmt.Errorf("join the machine to the clusters: %w", err)
	}
	for _, c := range b.Clusters {
		if err := plugCluster(b, c, hub); err != nil {
			return fmt.Errorf("network of cluster %q: %w", c.Name, err)
		}
	}
	return nil
}

// free reports a route of the machine's own that the bed's network would cut off.
func free(b *plan.Bed) error {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	for _, r := range routes {
		if r.Dst == nil || r.Dst.IP.IsUnspecified() {
			continue
		}
		ones, _ := r.Dst.Mask.Size()
		dst := netip.PrefixFrom(netip.AddrFrom4([4]byte(r.Dst.IP.To4())), ones)
		if !dst.Overlaps(b.Network) {
			continue
		}
		link, err := netlink.LinkByIndex(r.LinkIndex)
		if err == nil && link.Attrs().Name == b.MachineLink() {
			continue
		}
		name := "another interface"
		if err == nil {
			name = link.Attrs().Name
		}
		return fmt.Errorf("network %s overlaps %s, which this machine reaches by %s; choose another with --network", b.Network, dst, name)
	}
	return nil
}

func plugMachine(b *plan.Bed, hub *namespace) error {
	link, err := netlink.LinkByName(b.MachineLink())
	if missing(err) {
		// Made from the machine's side, for the bridge's side has no way to name the namespace of process 1.
		err = netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: b.MachineLink()}, PeerName: "machine", PeerNamespace: netlink.NsFd(int(hub.fd)),
		})
		if err == nil {
			link, err = netlink.LinkByName(b.MachineLink())
		}
	}
	if err != nil {
		return err
	}
	if err := hub.attach("machine"); err != nil {
		return err
	}
	if err := netlink.AddrReplace(link, address(b.Machine(), b.NodeNetwork().Bits())); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	for _, c := range b.Clusters {
		if err := netlink.RouteReplace(routeVia(c, link.Attrs().Index)); err != nil {
			return fmt.Errorf("route to %s: %w", c.Name, err)
		}
	}
	return nil
}

func plugCluster(b *plan.Bed, c plan.Cluster, hub *namespace) error {
	ns, err := openNamespace(c.Netns)
	if err != nil {
		return err
	}
	defer ns.close()
	link, err := ns.nl.LinkByName(uplink)
	if missing(err) {
		err = hub.nl.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: c.Name}, PeerName: uplink, PeerNamespace: netlink.NsFd(int(ns.fd)),
		})
		if err == nil {
			link, err = ns.nl.LinkByName(uplink)
		}
	}
	if err != nil {
		return err
	}
	if err := errors.Join(
		hub.attach(c.Name),
		ns.up("lo"),
		ns.nl.AddrReplace(link, address(c.Node, b.NodeNetwork().Bits())),
		ns.nl.LinkSetUp(link),
		ns.sysctl("net/ipv4/ip_forward", "1"),
	); err != nil {
		return err
	}
	// A packet to one of its own Services needs some route before kube-proxy's rules see it.
	own := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(c.Block), Scope: netlink.SCOPE_LINK}
	if err := ns.nl.RouteReplace(own); err != nil {
		return fmt.Errorf("route to its own Services: %w", err)
	}
	for _, other := range b.Clusters {
		if other.Name == c.Name {
			continue
		}
		if err := ns.nl.RouteReplace(routeVia(other, link.Attrs().Index)); err != nil {
			return fmt.Errorf("route to %s: %w", other.Name, err)
		}
	}
	return nil
}

// Down removes every namespace and interface that begins with the bed's prefix, planned or not.
func Down(b *plan.Bed) error {
	var errs []error
	links, err := netlink.LinkList()
	errs = append(errs, err)
	for _, l := range links {
		if b.Owns(l.Attrs().Name) {
			if err := netlink.LinkDel(l); err != nil && !missing(err) {
				errs = append(errs, fmt.Errorf("remove interface %s: %w", l.Attrs().Name, err))
			}
		}
	}
	for _, name := range Namespaces(b) {
		errs = append(errs, removeNamespace(name))
	}
	_ = os.Remove(netnsAt) // fails unless it is empty: others' namespaces are there
	return errors.Join(errs...)
}

// Namespaces lists the bed's network namespaces that exist.
func Namespaces(b *plan.Bed) []string {
	entries, _ := os.ReadDir(netnsAt)
	var names []string
	for _, e := range entries {
		if b.Owns(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

func missing(err error) bool {
	var notFound netlink.LinkNotFoundError
	return errors.As(err, &notFound) || errors.Is(err, unix.ENODEV)
}

func address(a netip.Addr, bits int) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(bits, 32)}}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}

func routeVia(c plan.Cluster, link int) *netlink.Route {
	return &netlink.Route{LinkIndex: link, Dst: ipNet(c.Block), Gw: c.Node.AsSlice()}
}
