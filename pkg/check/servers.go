package check

import (
	"context"
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

// servers compares the DNS servers that the member's resolver asks for the federation's names with those that there are.
func (m *member) servers(ctx context.Context) Outcome {
	if m.zone == "" {
		return skipped("the federation has no DNS zone, so it has no names")
	}
	config, err := m.way.Client.CoreV1().ConfigMaps(m.Namespace).Get(ctx, m.Resolver(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return skipped("there is no resolver in the member, which would ask them")
	}
	if err != nil {
		return unseen(err, "read ConfigMap %q in namespace %q of the member", m.Resolver(), m.Namespace)
	}
	there, err := federation.ZoneServers(ctx, m.Host.Client, m.Ref, nil)
	if errors.Is(err, federation.ErrServersUnknown) {
		return warning(m.kubectl()+" describe service "+m.Target.Name+"-dns", "%s", oneLine(err))
	}
	if err != nil {
		return unseen(err, "find out where the federation's names are served")
	}
	asked := forwardsTo(config.Data["Corefile"])
	switch {
	case !slices.Equal(asked, there):
		return failure(m.join("--refresh"), "its resolver asks %s for the federation's names, which are served by %s", serverNames(asked), serverNames(there))
	case len(there) == 0:
		return ok("its resolver has the federation's names looked up by the cluster's DNS")
	default:
		return ok("its resolver asks %s for the federation's names", serverNames(there))
	}
}

var resolverForward = regexp.MustCompile(`(?m)^\s*forward ([^\s.]\S*) ([^{\n]+)`)

// forwardsTo are the servers, sorted, to which a resolver's Corefile forwards the federation's zone; none for the cluster's own DNS.
func forwardsTo(corefile string) []string {
	found := resolverForward.FindStringSubmatch(corefile)
	if found == nil {
		return nil
	}
	var servers []string
	for _, server := range strings.Fields(found[2]) {
		if strings.HasPrefix(server, "/") {
			continue
		}
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(strings.Trim(server, "[]"), "53")
		}
		servers = append(servers, server)
	}
	slices.Sort(servers)
	return servers
}

func serverNames(servers []string) string {
	if len(servers) == 0 {
		return "the cluster's own DNS"
	}
	return strings.Join(servers, ", ")
}
