package dnsview

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Question is what Resolve is asked.
type Question struct {
	// Name is SERVICE.NAMESPACE.FEDERATION, that with .svc or .svc and the domain of the cluster, or a name in one of the federation's DNS zones.
	Name string
	// From is the member whose pod asks; "": somebody outside of all clusters.
	From string
	// Zone is the DNS zone, by name, for names that do not say it; needed where there are several, unless Main is one of them.
	Zone, Main string
	// Way leads to that member; nil: what the federation knows of it has to do.
	Way *Way
	// NoWay is why there is none, for the asker to read.
	NoWay string
}

// Kinds of what a name leads to.
const (
	LeadsLocally  = "local"      // the Service of the cluster that asks
	LeadsToMember = "federation" // members, as the federation's records say
	LeadsNowhere  = "none"       // there is no such name
	LeadsUnknown  = "unknown"    // the federation does not know enough
)

// Resolution is what comes of a question, step by step. Scripts read its fields: they stay.
type Resolution struct {
	Name    string `json:"name"`
	From    string `json:"from,omitempty"`
	Service string `json:"service"`
	Steps   []Step `json:"steps"`
	// Leads is one of local, federation, none and unknown.
	Leads string `json:"leads"`
	// Addresses are those that the name has; they are not known of a local Service that was not looked at.
	Addresses []netip.Addr `json:"addresses,omitempty"`
	Hostname  string       `json:"hostname,omitempty"` // that it ends at, which is not the federation's
	TTL       uint32       `json:"ttl,omitempty"`      // of the last record, in seconds
	Remarks   []string     `json:"remarks,omitempty"`
	Asked     *Asked       `json:"asked,omitempty"` // missing: the computed name was not checked

	full   string // what a DNS server is asked for
	unsure bool   // whether the cluster's own Service answers is not known
}

// Step is one name that is looked up on the way.
type Step struct {
	Name    string   `json:"name"`
	Who     string   `json:"who"`               // who answers for it
	Answer  string   `json:"answer"`            // in words
	Members []Member `json:"members,omitempty"` // those that the name could lead to
}

// Resolve computes what the asker gets and, where there is a Way, asks the member's DNS and compares. Errors are about the question: all that is
// wrong with it. A member that cannot be asked is none: Asked says so.
func (v *View) Resolve(ctx context.Context, question Question) (Resolution, error) {
	q, err := v.question(question.Name)
	errs := []error{err}
	zone := q.zone
	if zone == nil || question.Zone != "" {
		var zoneErr error
		zone, zoneErr = v.zone(question.Zone, question.Main)
		errs = append(errs, zoneErr)
	}
	var from *fedv1beta1.Cluster
	if question.From != "" {
		if from = v.cluster(question.From); from == nil {
			errs = append(errs, fmt.Errorf("--from: %w", v.unknownCluster(question.From)))
		}
	}
	if err == nil && q.absolute && zone != nil && zone != q.zone {
		errs = append(errs, fmt.Errorf("--dns-zone: NAME %q is in zone %q, not in %q", question.Name, q.zone.Name, zone.Name))
	}
	if err := errors.Join(errs...); err != nil {
		return Resolution{}, err
	}
	r := Resolution{Name: q.asked, From: question.From, Service: q.namespace + "/" + q.service, Steps: []Step{}}
	st := v.find(q)
	if st == nil {
		st = &state{service: &corev1.Service{}, members: map[string]Member{}, reason: NotPublished, message: "the federation has no such Service"}
		st.service.Namespace, st.service.Name = q.namespace, q.service
	}
	r.judge(st)
	a := asker{cluster: from}
	if from != nil {
		a.local = r.lookAt(ctx, question, from, q)
	}
	if a.local != nil && q.domain != "" && q.domain != a.domain(q) {
		return Resolution{}, fmt.Errorf("NAME %q ends with %s, and the domain of cluster %q is %s", question.Name, q.domain, from.Name, a.domain(q))
	}
	place, settled := q.place, false
	switch {
	case q.absolute:
		r.full = q.name
	case from != nil:
		place, settled = nearest(from), r.within(v, st, q, a)
	}
	if !settled {
		r.follow(v, st, zone, place)
	}
	if r.unsure {
		r.Leads = LeadsUnknown
	}
	if a.local != nil {
		r.ask(ctx, question.Way, a)
	}
	return r, nil
}

// lookAt looks at the member, if that can be done; nil if not.
func (r *Resolution) lookAt(ctx context.Context, question Question, c *fedv1beta1.Cluster, q question) *local {
	if question.Way == nil {
		r.Asked = &Asked{Problem: question.NoWay}
		return nil
	}
	l, err := question.Way.look(ctx, c, q.namespace, q.service)
	if err != nil {
		r.Asked = &Asked{Problem: err.Error()}
		return nil
	}
	return l
}

// find is the Service that a name belongs to; nil if the federation has none of that name.
func (v *View) find(q question) *state {
	for i := range v.services {
		if s := &v.services[i]; s.Namespace == q.namespace && s.Name == q.service {
			st := v.stateOf(s)
			return &st
		}
	}
	return nil
}

func (r *Resolution) remark(format string, a ...any) {
	r.Remarks = append(r.Remarks, fmt.Sprintf(format, a...))
}

// judge says what of the computed names may not be so.
func (r *Resolution) judge(st *state) {
	for _, problem := range st.problems {
		r.remark("Service %q: %s", r.Service, problem)
	}
	if st.strays != "" {
		r.remark("Service %q: %s", r.Service, st.strays)
	}
	switch st.reason {
	case fedv1beta1.ReasonPublished, fedv1beta1.ReasonNoBackend, NotPublished: // the steps say so
	default:
		r.remark("the records may be others than those computed: Service %q is %s: %s", r.Service, st.reason, st.message)
	}
}

// follow goes from a name of the federation to what it ends at.
func (r *Resolution) follow(v *View, st *state, z *Zone, place dns.Place) {
	if !z.Ready {
		r.remark("the records may be others than those computed: DNS zone %q is not ready: %s: %s", z.Name, z.Reason, z.Message)
	}
	wanted, problems := v.wanted(st, z)
	for _, p := range problems {
		r.remark("%s", p.Message)
	}
	for name := z.naming().Name(st.service.Namespace, st.service.Name, place); ; {
		_, _, place, _ = z.naming().Parse(name)
		step := Step{Name: bare(name), Who: fmt.Sprintf("DNS zone %s, %s", bare(z.Zone), spelt(place)), Members: v.at(st, place)}
		at := slices.IndexFunc(wanted, func(w dns.Wanted) bool { return w.Name == name })
		if at < 0 {
			step.Answer = "no such name: " + absent(st, len(wanted) > 0)
			r.Leads = LeadsNowhere
			r.Steps = append(r.Steps, step)
			return
		}
		r.Leads, r.TTL = LeadsToMember, st.ttl(z)
		sets := wanted[at].Sets
		if sets[0].Type == dns.CNAME {
			target := sets[0].Values[0]
			if _, _, _, ours := z.naming().Parse(target); ours {
				step.Answer = "nobody backs it there, so it leads on to " + bare(target)
				r.Steps = append(r.Steps, step)
				name = target
				continue
			}
			r.Hostname = bare(target)
			step.Answer = "CNAME " + r.Hostname
			r.Steps = append(r.Steps, step)
			return
		}
		r.Addresses = addressesOf(sets)
		step.Answer = recordsText(sets)
		r.Steps = append(r.Steps, step)
		return
	}
}

// absent says why a name is not there. others says that the Service has others.
func absent(st *state, others bool) string {
	switch {
	case others:
		return "no member is there"
	case !st.published:
		return st.message
	default:
		return "no member backs the Service"
	}
}

func addressesOf(sets []dns.RecordSet) []netip.Addr {
	var all []netip.Addr
	for _, set := range sets {
		for _, value := range set.Values {
			if address, err := netip.ParseAddr(value); err == nil {
				all = append(all, address)
			}
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return all
}

// spelt names a place for people.
func spelt(p dns.Place) string {
	switch p.Level() {
	case dns.LevelZone:
		return fmt.Sprintf("zone %s of region %s", p.Zone, p.Region)
	case dns.LevelRegion:
		return "region " + p.Region
	default:
		return "all members"
	}
}

// nearest is the place that a member's pods are led to first. Of several zones none is nearer than the others.
func nearest(c *fedv1beta1.Cluster) dns.Place {
	place := dns.Place{Region: dns.Label(c.Status.Region)}
	if place.Region != "" && len(c.Status.Zones) == 1 {
		place.Zone = dns.Label(c.Status.Zones[0])
	}
	return place
}
