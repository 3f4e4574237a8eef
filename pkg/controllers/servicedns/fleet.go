package servicedns

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/failover"
)

// fleet is all members at one moment. It does not change.
type fleet struct {
	members map[string]member
	places  []dns.Member // by name
}

// member is what of a Cluster matters to names.
type member struct {
	drained bool
	away    bool
	nodes   []netip.Addr
	problem string    // what is malformed
	lost    time.Time // since when there has been no Cluster of the name, though nobody saw it leave; zero if there is one
}

// has tells whether there is a member of the name.
func (f *fleet) has(name string) bool {
	_, is := f.members[name]
	return is
}

// grace is when members that are not Ready are taken for away.
type grace struct {
	after   time.Duration
	percent int // of all, at most, at once
}

// fleetOf reads Clusters, and says when to do so again although none of them has changed; zero for never. Those that are leaving are no members.
func fleetOf(clusters []fedv1beta1.Cluster, g grace, now time.Time) (*fleet, time.Time) {
	f := &fleet{members: make(map[string]member, len(clusters))}
	var outages []failover.Outage
	proven := 0
	for i := range clusters {
		c := &clusters[i]
		if _, leaving := c.Annotations[fedv1beta1.AnnotationLeaving]; leaving || c.DeletionTimestamp != nil {
			continue
		}
		m := member{drained: dnsstate.DrainedCluster(c.Annotations)}
		m.nodes, m.problem = nodeAddresses(c.Annotations[fedv1beta1.AnnotationNodeAddresses])
		f.members[c.Name] = m
		f.places = append(f.places, dns.Member{Name: c.Name, Region: c.Status.Region, Zones: c.Status.Zones})
		ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady)
		up := ready != nil && ready.Status == metav1.ConditionTrue
		if !up && c.Status.UID == "" {
			continue // it was never a member that could have had something
		}
		proven++
		if !up {
			since := c.CreationTimestamp.Time
			if ready != nil {
				since = ready.LastTransitionTime.Time
			}
			outages = append(outages, failover.Outage{Member: c.Name, Since: since})
		}
	}
	away, _, again := failover.Judge(outages, proven, g.after, g.percent, now)
	for _, name := range away {
		m := f.members[name]
		m.away = true
		f.members[name] = m
	}
	slices.SortFunc(f.places, func(a, b dns.Member) int { return cmp.Compare(a.Name, b.Name) })
	return f, again
}

// nodeAddresses reads AnnotationNodeAddresses.
func nodeAddresses(text string) (all []netip.Addr, problem string) {
	for _, part := range list(text) {
		a, err := netip.ParseAddr(part)
		if err != nil {
			problem = fmt.Sprintf("annotation %s of the Cluster has %q, which is no address", fedv1beta1.AnnotationNodeAddresses, part)
			continue
		}
		all = append(all, a.Unmap())
	}
	return once(all), problem
}

// differ tells what became of the fleet: the members of which something is another now, and whether the places are, which is of all Services.
func differ(before, now *fleet) (names []string, places bool) {
	for name, is := range now.members {
		was, there := before.members[name]
		if !there || was.drained != is.drained || was.away != is.away || was.problem != is.problem || was.lost.IsZero() != is.lost.IsZero() || !slices.Equal(was.nodes, is.nodes) {
			names = append(names, name)
		}
	}
	for name := range before.members {
		if _, there := now.members[name]; !there {
			names = append(names, name)
		}
	}
	return names, !slices.EqualFunc(before.places, now.places, func(a, b dns.Member) bool {
		return a.Name == b.Name && a.Region == b.Region && slices.Equal(a.Zones, b.Zones)
	})
}
