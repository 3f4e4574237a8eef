package servicedns

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
)

// lossPause is how long Clusters may take to be missing together: a list that lacks them is taken in one by one.
const lossPause = 10 * time.Second

// parted notes a Cluster whose deletion was seen. One that a list merely lacks comes as a DeletedFinalStateUnknown, and has not left for certain:
// the federation API may have been restored.
func (c *Controller) parted(o any) {
	if cluster, seen := o.(*fedv1beta1.Cluster); seen {
		c.mu.Lock()
		c.departed[cluster.Name] = cluster.UID
		c.mu.Unlock()
	}
}

// retain keeps in the fleet of now members of before that are missing though nobody saw them leave: for a while, and for as long as they are more
// than could be away at once. It says when to look again. The caller holds mu.
func (c *Controller) retain(ctx context.Context, before, now *fleet, clusters []fedv1beta1.Cluster, again time.Time) time.Time {
	there := make(map[string]bool, len(clusters)) // also those that are leaving
	for i := range clusters {
		name := clusters[i].Name
		if there[name] = true; c.departed[name] != clusters[i].UID { // it is another of the name
			delete(c.departed, name)
		}
	}
	at := c.o.Clock.Now()
	missing := map[string]member{}
	for name, m := range before.members {
		if _, departed := c.departed[name]; there[name] || departed {
			continue
		}
		if m.lost.IsZero() {
			m.lost = at
		}
		missing[name] = m
	}
	maps.DeleteFunc(c.departed, func(name string, _ types.UID) bool { return !there[name] })
	many := len(missing) > max(len(before.members)*c.o.OfflinePercent/100, 1)
	for name, m := range missing {
		end := m.lost.Add(lossPause)
		switch {
		case at.Before(end):
			if again.IsZero() || end.Before(again) {
				again = end
			}
		case !many:
			continue
		}
		now.keep(name, m, before)
	}
	if many && !c.missed {
		ctrl.LoggerFrom(ctx).Info("Clusters are missing that nobody saw leave; names go on leading to those members until their Clusters are back, or the controller manager is started anew",
			"clusters", enumerate(slices.Sorted(maps.Keys(missing))))
	}
	c.missed = many
	return again
}

// keep adds a member as it was.
func (f *fleet) keep(name string, m member, before *fleet) {
	f.members[name] = m
	by := func(p dns.Member, name string) int { return cmp.Compare(p.Name, name) }
	if i, had := slices.BinarySearchFunc(before.places, name, by); had {
		at, _ := slices.BinarySearchFunc(f.places, name, by)
		f.places = slices.Insert(f.places, at, before.places[i])
	}
}

// withLost adds what was said of members that are lost: nobody else knows anything of them.
func (f *fleet) withLost(views []view, s *source, before dnsstate.Members) []view {
	for name := range before {
		if m := f.members[name]; !m.lost.IsZero() && !slices.ContainsFunc(views, func(v view) bool { return v.member == name }) {
			views = append(views, recall(s, name, m))
		}
	}
	return views
}
