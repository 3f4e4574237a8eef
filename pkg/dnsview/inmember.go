package dnsview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// usualDomain is that of nearly all clusters.
const usualDomain = "cluster.local"

// asker is a member whose pod asks.
type asker struct {
	cluster *fedv1beta1.Cluster
	local   *local // nil: it was not looked at
}

func (a asker) domain(q question) string {
	if a.local != nil && a.local.server.Domain != "" {
		return a.local.server.Domain
	}
	return cmp.Or(q.domain, usualDomain)
}

// server names the member's DNS.
func (a asker) server() string {
	switch {
	case a.local == nil || a.local.server.Kind == memberdns.None:
		return "the DNS of " + a.cluster.Name
	case a.local.server.Kind == memberdns.CoreDNS:
		return "CoreDNS of " + a.cluster.Name
	default:
		return fmt.Sprintf("%s of %s", a.local.server.Kind, a.cluster.Name)
	}
}

// within goes the part of the way that is inside of the member. It tells whether it ends there.
func (r *Resolution) within(v *View, st *state, q question, a asker) (settled bool) {
	domain := a.domain(q)
	r.full = dns.Absolute(strings.Join([]string{q.service, q.namespace, v.Federation, "svc", domain}, "."))
	if a.local == nil && q.domain == "" {
		r.remark("the domain of cluster %q is taken to be %s", a.cluster.Name, domain)
	}
	if q.domain == "" {
		r.Steps = append(r.Steps, Step{Name: q.asked, Who: "the search list of the pod", Answer: "completes it to " + bare(r.full)})
	}
	r.Steps = append(r.Steps, Step{Name: bare(r.full), Who: a.server(), Answer: r.handsOn(v, a, domain)})
	local := Step{Name: bare(strings.Join([]string{q.service, q.namespace, "svc", domain}, ".")), Who: "the Service of " + a.cluster.Name}
	switch l := a.local; {
	case l == nil:
		local.Answer, settled = r.guess(st, a.cluster.Name)
	case !l.exists:
		local.Answer = "there is none, so the federation's names are next"
	case l.externalName != "":
		r.Leads, r.Hostname, settled = LeadsLocally, l.externalName, true
		local.Answer = "leads to " + l.externalName
	case l.endpoints == 0:
		local.Answer = "has no ready endpoint, so the federation's names are next"
	default:
		r.Leads, r.Addresses, settled = LeadsLocally, l.addresses, true
		local.Answer = fmt.Sprintf("has ready endpoints (%d): %s", l.endpoints, joined(l.addresses))
	}
	r.Steps = append(r.Steps, local)
	return settled
}

// handsOn says how the member's DNS knows the federation.
func (r *Resolution) handsOn(v *View, a asker, domain string) string {
	switch {
	case a.local == nil:
		return "asks the federation's resolver, or is kube-dns and knows the federation itself"
	case a.local.server.Kind == memberdns.None:
		r.remark("cluster %q: %s; its pods find federation names only if its DNS was set up by hand", a.cluster.Name, a.local.server.Reason)
		return fmt.Sprintf("asks the federation's resolver, if it was told to forward %s.svc.%s", v.Federation, domain)
	case a.local.server.Kind == memberdns.KubeDNS:
		if len(a.cluster.Status.Zones) > 1 {
			r.remark("kube-dns goes by the zone of any one of its nodes, of which cluster %q has several: here it is that of the region", a.cluster.Name)
		}
		return "knows the federation by its ConfigMap"
	default:
		return fmt.Sprintf("forwards %s.svc.%s to the federation's resolver", v.Federation, domain)
	}
}

// guess goes by what the federation says of the member that was not looked at.
func (r *Resolution) guess(st *state, member string) (answer string, settled bool) {
	m := st.members[member]
	switch {
	case m.Backs:
		r.Leads = LeadsLocally
		return "has ready endpoints, as the federation last saw it: its ClusterIP, which the federation does not know", true
	case slices.Contains([]string{string(dnsstate.NoReadyEndpoints), string(dnsstate.NotPlaced)}, m.Reason):
		return m.Reason + ", as the federation last saw it: the federation's names are next", false
	default:
		r.unsure = true
		return "not known: the cluster was not looked at, and the federation does not say. Without a ready endpoint the federation's names are next", false
	}
}
