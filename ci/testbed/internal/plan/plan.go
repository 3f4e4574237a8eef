// Package plan decides the names and addresses of a test bed's clusters. It is pure: nothing here touches the machine.
package plan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// NodeKind says what stands behind a cluster's nodes.
type NodeKind string

const (
	// Real nodes run pods: kubelet, containerd, kube-proxy.
	Real NodeKind = "real"
	// Simulated nodes are kept alive by kwok, which also says that their pods run.
	Simulated NodeKind = "simulated"
)

// Defaults of a test bed.
const (
	DefaultPrefix  = "fh"
	DefaultNetwork = "172.30.0.0/16"
	// Host is the name of the cluster that a federation's control plane is installed into.
	Host = "rivendell"
)

// A cluster owns a /20 of the bed's network: Services in the first quarter, LoadBalancer addresses in the next /24,
// pods in the upper half. The lowest /20 holds the nodes and the machine.
const (
	blockBits    = 20
	servicesBits = 22
	podsBits     = 21
	machineHost  = 254
)

// maxPrefix leaves room for "-machine" in the 15 bytes of an interface name.
const maxPrefix = 7

// place is where a cluster pretends to be.
type place struct{ name, region, zone string }

var hostPlace = place{Host, "eu-central", "eu-central-a"}

var memberPlaces = []place{
	{"gondor", "eu-west", "eu-west-a"},
	{"rohan", "us-east", "us-east-a"},
	{"arnor", "eu-west", "eu-west-b"},
	{"mordor", "ap-south", "ap-south-a"},
	{"erebor", "us-east", "us-east-b"},
	{"lindon", "us-west", "us-west-a"},
	{"mirkwood", "eu-north", "eu-north-a"},
	{"harad", "af-south", "af-south-a"},
	{"rhun", "ap-east", "ap-east-a"},
	{"umbar", "me-south", "me-south-a"},
	{"moria", "us-west", "us-west-b"},
	{"dale", "eu-north", "eu-north-b"},
	{"shire", "eu-west", "eu-west-c"},
	{"bree", "sa-east", "sa-east-a"},
}

// Bed is a whole test bed: one host cluster, then its members.
type Bed struct {
	// Prefix begins the name of everything that the bed leaves on the machine.
	Prefix string
	// Network is the /16 that all addresses come from.
	Network netip.Prefix
	// Clusters begins with the host cluster.
	Clusters []Cluster
}

// Cluster is the plan of one cluster.
type Cluster struct {
	Name   string
	Nodes  NodeKind
	Region string
	Zone   string
	// Version is the older minor version of Kubernetes that its control plane is of, such as 1.35; "" for the test bed's own.
	Version string

	// Netns is the network namespace of all its processes, also the name of its cgroup.
	Netns string
	// Node is the one address of that namespace: API server, kubelet and node ports answer there.
	Node netip.Addr
	// Block is all that other clusters and the machine route to Node: Services, LoadBalancers and pods.
	Block         netip.Prefix
	Services      netip.Prefix
	LoadBalancers netip.Prefix
	Pods          netip.Prefix
	// APIService and DNSService are the addresses of the Services kubernetes and kube-dns.
	APIService netip.Addr
	DNSService netip.Addr
}

// Options choose a bed.
type Options struct {
	Prefix  string // DefaultPrefix when empty
	Network string // DefaultNetwork when empty
	// Members is the number of member clusters.
	Members int
	// Kinds are the node kinds of the first members; the others follow the default: the first real, the rest simulated.
	Kinds []string
	// Versions are the older minor versions of Kubernetes that members are of, by their names.
	Versions map[string]string
}

// New plans a bed, or reports all that is wrong with the options.
func New(o Options) (*Bed, error) {
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.Network == "" {
		o.Network = DefaultNetwork
	}
	network, err := netip.ParsePrefix(o.Network)
	var errs []error
	if err != nil || !network.Addr().Is4() || network.Bits() != 16 || network != network.Masked() {
		errs = append(errs, fmt.Errorf("network %q: want an IPv4 /16, for example %s", o.Network, DefaultNetwork))
	}
	if !validPrefix(o.Prefix) {
		errs = append(errs, fmt.Errorf("name prefix %q: want 1 to %d lower case letters or digits, the first a letter", o.Prefix, maxPrefix))
	}
	if o.Members < 0 || o.Members > len(memberPlaces) {
		errs = append(errs, fmt.Errorf("%d members: want 0 to %d", o.Members, len(memberPlaces)))
	}
	if len(o.Kinds) > max(o.Members, 0) {
		errs = append(errs, fmt.Errorf("%d member kinds for %d members", len(o.Kinds), o.Members))
	}
	for _, k := range o.Kinds {
		if NodeKind(k) != Real && NodeKind(k) != Simulated {
			errs = append(errs, fmt.Errorf("member kind %q: want %s or %s", k, Real, Simulated))
		}
	}
	errs = append(errs, checkVersions(o))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	b := &Bed{Prefix: o.Prefix, Network: network}
	b.add(hostPlace, Real, "")
	for i, p := range memberPlaces[:o.Members] {
		b.add(p, memberKind(o.Kinds, i), o.Versions[p.name])
	}
	return b, nil
}

// checkVersions refuses an older version where there is no member to be of it, or where kubelet is newer than what it would talk to.
func checkVersions(o Options) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(o.Versions)) {
		i := slices.IndexFunc(memberPlaces, func(p place) bool { return p.name == name })
		switch {
		case i < 0 || i >= o.Members:
			errs = append(errs, fmt.Errorf("version %s of %q: no member of that name is among the %d", o.Versions[name], name, max(o.Members, 0)))
		case memberKind(o.Kinds, i) == Real:
			errs = append(errs, fmt.Errorf("version %s of %q: a real node's kubelet may not be newer than its API server; let its nodes be simulated", o.Versions[name], name))
		}
	}
	return errors.Join(errs...)
}

func validPrefix(s string) bool {
	return len(s) >= 1 && len(s) <= maxPrefix && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == "" && s[0] >= 'a'
}

func memberKind(kinds []string, i int) NodeKind {
	switch {
	case i < len(kinds):
		return NodeKind(kinds[i])
	case i == 0:
		return Real
	default:
		return Simulated
	}
}

func (b *Bed) add(p place, kind NodeKind, version string) {
	i := uint32(len(b.Clusters)) //nolint:gosec // at most 15
	block := offset(b.Network.Addr(), (i+1)<<(32-blockBits))
	services := netip.PrefixFrom(block, servicesBits)
	b.Clusters = append(b.Clusters, Cluster{
		Name: p.name, Nodes: kind, Region: p.region, Zone: p.zone, Version: version,
		Netns:         b.Prefix + "-" + p.name,
		Node:          offset(b.Network.Addr(), i+1),
		Block:         netip.PrefixFrom(block, blockBits),
		Services:      services,
		LoadBalancers: netip.PrefixFrom(offset(block, 1<<(32-servicesBits)), 24),
		Pods:          netip.PrefixFrom(offset(block, 1<<(32-podsBits)), podsBits),
		APIService:    offset(block, 1),
		DNSService:    offset(block, 10),
	})
}

func offset(a netip.Addr, n uint32) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+n)
	return netip.AddrFrom4(b)
}

// Machine is the machine's own address among the clusters.
func (b *Bed) Machine() netip.Addr { return offset(b.Network.Addr(), machineHost) }

// NodeNetwork is the network of all node addresses and the machine's.
func (b *Bed) NodeNetwork() netip.Prefix { return netip.PrefixFrom(b.Network.Addr(), 24) }

// SwitchNetns is the network namespace of the bridge that joins the clusters.
func (b *Bed) SwitchNetns() string { return b.Prefix + "-switch" }

// MachineLink is the only interface that the bed adds to the machine.
func (b *Bed) MachineLink() string { return b.Prefix + "-machine" }

// Owns tells whether a name on the machine (network namespace, interface, cgroup) belongs to the bed.
func (b *Bed) Owns(name string) bool { return strings.HasPrefix(name, b.Prefix+"-") }

// Cluster finds a cluster by name.
func (b *Bed) Cluster(name string) (Cluster, error) {
	i := slices.IndexFunc(b.Clusters, func(c Cluster) bool { return c.Name == name })
	if i < 0 {
		return Cluster{}, fmt.Errorf("no cluster %q in this test bed; it has %s", name, strings.Join(b.Names(), ", "))
	}
	return b.Clusters[i], nil
}

// Versions are the older versions of Kubernetes that members are of, by their names; nil if none is.
func (b *Bed) Versions() map[string]string {
	var versions map[string]string
	for _, c := range b.Clusters {
		if c.Version != "" {
			if versions == nil {
				versions = map[string]string{}
			}
			versions[c.Name] = c.Version
		}
	}
	return versions
}

// Names lists the clusters, the host first.
func (b *Bed) Names() []string {
	names := make([]string, len(b.Clusters))
	for i, c := range b.Clusters {
		names[i] = c.Name
	}
	return names
}

// Server is the URL of the cluster's API, good from the machine, from every pod and from every cluster.
func (c Cluster) Server() string { return fmt.Sprintf("https://%s:6443", c.Node) }

// NodeName is the name of the cluster's real node.
func (c Cluster) NodeName() string { return c.Name + "-1" }

// SimulatedNodes are the names of the cluster's simulated nodes.
func (c Cluster) SimulatedNodes() []string {
	if c.Nodes == Real {
		return nil
	}
	return []string{c.Name + "-1", c.Name + "-2", c.Name + "-3"}
}

// IsHost tells the host cluster from the members.
func (c Cluster) IsHost() bool { return c.Name == Host }

// NodePods is the pod network of the cluster's real node, the first of its pod networks of NodePodsBits.
func (c Cluster) NodePods() netip.Prefix { return netip.PrefixFrom(c.Pods.Addr(), NodePodsBits) }

// NodePodsBits is the size of each node's pod network.
const NodePodsBits = 24
