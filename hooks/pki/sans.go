package pki

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// servingNames are the names and addresses of the API server's certificate,
// beside those that were published.
func servingNames(o Options, published []string) (names []string, ips []net.IP, err error) {
	service := o.Federation + "-apiserver"
	inNamespace := service + "." + o.Namespace
	all := []string{
		service, inNamespace, inNamespace + ".svc", inNamespace + ".svc." + o.ClusterDomain,
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + o.ClusterDomain,
		"localhost", "127.0.0.1", "::1",
	}
	first, err := serviceAddresses(o.ServiceRange)
	if err != nil {
		return nil, nil, err
	}
	all = slices.Concat(all, first, o.ExtraSANs, published)
	names, ips = split(all)
	return names, ips, nil
}

// etcdNames are the names under which an etcd is reached: Service R-NAME with its
// members, and Service R-NAME-client.
func etcdNames(o Options, name string) (names []string, ips []net.IP) {
	members, clients := o.Federation+"-"+name, o.Federation+"-"+name+"-client"
	var all []string
	for _, service := range []string{members, clients, "*." + members} {
		inNamespace := service + "." + o.Namespace
		all = append(all, service, inNamespace, inNamespace+".svc", inNamespace+".svc."+o.ClusterDomain)
	}
	return split(append(all, "localhost", "127.0.0.1", "::1"))
}

// split sorts addresses from names and drops what comes twice.
func split(all []string) (names []string, ips []net.IP) {
	seen := map[string]bool{}
	for _, one := range all {
		ip := net.ParseIP(one)
		if ip != nil {
			one = ip.String()
		}
		if seen[one] {
			continue
		}
		seen[one] = true
		if ip != nil {
			ips = append(ips, ip)
		} else {
			names = append(names, one)
		}
	}
	return names, ips
}

// serviceAddresses returns the first address of each Service range: that of the
// Service default/kubernetes in the federation API.
func serviceAddresses(ranges string) ([]string, error) {
	var first []string
	for part := range strings.SplitSeq(ranges, ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("--service-cluster-ip-range %q is not a CIDR, such as 10.0.0.0/12", ranges)
		}
		first = append(first, prefix.Masked().Addr().Next().String())
	}
	return first, nil
}
