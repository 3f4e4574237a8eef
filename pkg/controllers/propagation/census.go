package propagation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/failover"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	// censusPause is between two looks at all Clusters: what changes meanwhile is seen in one.
	censusPause = 50 * time.Millisecond
	// returning is how long a member that was away keeps what it has while the others still have it too.
	returning = 10 * time.Minute
)

// watchFleet keeps the fleet up to date until ctx ends.
func (c *Controller) watchFleet(ctx context.Context) error {
	informer, err := c.clusterInformer(ctx)
	if err != nil {
		return err
	}
	wake := func() { poke(c.census) }
	handle, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() }, UpdateFunc: func(any, any) { wake() }, DeleteFunc: func(any) { wake() },
	})
	if err != nil {
		return fmt.Errorf("watch Clusters: %w", err)
	}
	var told []string // members whose fail-over is held: each is told once
	for ctx.Err() == nil {
		var again time.Time
		if informer.HasSynced() {
			if again, err = c.count(ctx, &told); err != nil {
				ctrl.LoggerFrom(ctx).Error(err, "Clusters could not be looked at")
				again = c.o.Clock.Now().Add(time.Second)
			}
		} else {
			again = c.o.Clock.Now().Add(censusPause)
		}
		c.sleep(ctx, censusPause, nil)
		if !again.IsZero() {
			c.sleep(ctx, again.Sub(c.o.Clock.Now()), c.census)
		} else {
			select {
			case <-ctx.Done():
			case <-c.census:
			}
		}
	}
	if err := informer.RemoveEventHandler(handle); err != nil {
		return fmt.Errorf("stop watching Clusters: %w", err)
	}
	return nil
}

// clusterInformer waits for a federation API that does not serve Clusters yet.
func (c *Controller) clusterInformer(ctx context.Context) (cache.Informer, error) {
	for {
		informer, err := c.o.Clusters.GetInformer(ctx, &fedv1beta1.Cluster{})
		if err == nil {
			return informer, nil
		}
		ctrl.LoggerFrom(ctx).Info("Clusters cannot be watched yet", "reason", err.Error())
		if c.sleep(ctx, time.Second, nil); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// sleep returns after a time, or earlier when woken.
func (c *Controller) sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := c.o.Clock.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C():
	}
}

// count makes the fleet what the Clusters say, and says when to do so again although none of them has changed; zero for never.
func (c *Controller) count(ctx context.Context, told *[]string) (again time.Time, err error) {
	var clusters fedv1beta1.ClusterList
	if err := c.o.Client.List(ctx, &clusters, client.UnsafeDisableDeepCopy); err != nil {
		return time.Time{}, fmt.Errorf("list Clusters: %w", err)
	}
	before, now := c.fleet.Load(), c.o.Clock.Now()
	there := make(map[string]*fedv1beta1.Cluster, len(clusters.Items))
	var all []member
	for i := range clusters.Items {
		there[clusters.Items[i].Name] = &clusters.Items[i]
		if m := memberOf(&clusters.Items[i]); m != nil {
			all = append(all, *m)
		}
	}
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	again = c.failOver(all, before, now, there, told)
	next := newFleet(all)
	changed := compare(before, next)
	if !changed.placement && !changed.labelled {
		next.roster = before.roster
	}
	c.fleet.Store(next)
	first := !c.counted.Swap(true)
	if first {
		for _, name := range c.o.Ledger.Clusters() {
			if there[name] == nil {
				c.disown(ctx, name)
			}
		}
	}
	c.follow(ctx, before, next, changed, there)
	return again, nil
}

// failOver marks the members whose replicas go elsewhere, and those that are back. again is when either is another matter if nothing happens:
// who is back gives up its surplus in the end, also when the others have not trimmed theirs.
func (c *Controller) failOver(all []member, before *fleet, now time.Time, clusters map[string]*fedv1beta1.Cluster, told *[]string) (again time.Time) {
	var outages []failover.Outage
	proven := 0
	for i := range all {
		if m := &all[i]; m.proven {
			proven++
			if !m.ready {
				outages = append(outages, failover.Outage{Member: m.name, Since: m.since})
			}
		}
	}
	away, held, again := failover.Judge(outages, proven, c.o.FailoverGrace, c.o.FailoverPercent, now)
	for i := range all {
		m := &all[i]
		m.away = slices.Contains(away, m.name)
		was := before.get(m.name)
		switch {
		case was == nil || m.away:
		case was.away:
			m.back = now
		case now.Sub(was.back) < returning:
			m.back = was.back
		}
		if end := m.back.Add(returning); !m.back.IsZero() && (again.IsZero() || end.Before(again)) {
			again = end
		}
		if m.away && was != nil && !was.away {
			c.o.Events.Eventf(clusters[m.name], nil, corev1.EventTypeWarning, "FailedOver", "FailOver",
				"not Ready since %s: its replicas are placed elsewhere", m.since.UTC().Format(time.RFC3339))
		}
		if slices.Contains(held, m.name) && !slices.Contains(*told, m.name) {
			c.o.Events.Eventf(clusters[m.name], nil, corev1.EventTypeWarning, "FailoverHeld", "FailOver",
				"not Ready since %s, but its replicas stay: %d of %d members are not Ready, and no more than %d %% may fail over at once; "+
					"unjoin those that are gone for good (fedhelm unjoin NAME), or raise controlPlane.controllerManager.failover.limit of the chart (--failover-limit)",
				m.since.UTC().Format(time.RFC3339), len(outages), proven, c.o.FailoverPercent)
		}
	}
	*told = held
	return again
}

// follow does what follows from a change of the fleet.
func (c *Controller) follow(ctx context.Context, before, now *fleet, changed change, clusters map[string]*fedv1beta1.Cluster) {
	for _, name := range changed.left {
		if clusters[name] == nil {
			c.disown(ctx, name)
		}
	}
	for _, name := range changed.ready {
		if p := c.posts.get(name); p != nil {
			p.agent.SetReachable(now.get(name).ready)
			c.collect(p)
		}
	}
	for _, name := range changed.joined {
		if p := c.posts.get(name); p != nil {
			c.brief(p)
		}
	}
	if changed.placement {
		c.replanAll()
	}
	if changed.labelled {
		c.reselect(before, now)
	}
	if len(changed.ready) > 0 || len(changed.left) > 0 {
		c.retell(before, now, changed)
		c.waits.each(c.tending.Add) // some may wait for a member that is not there any more
	}
	ctrl.LoggerFrom(ctx).V(1).Info("Members have changed", "joined", changed.joined, "left", changed.left, "ready", changed.ready)
}

// disown forgets what a member owes that is none any more. It gives up when there is a member of that name again, of which something may have
// been recorded since: what is left of the former is about copies that it does not have, or has and shall not.
func (c *Controller) disown(ctx context.Context, name string) {
	c.running.Go(func() {
		for c.fleet.Load().get(name) == nil && c.o.Ledger.Forget(ctx, name) != nil && ctx.Err() == nil {
			c.sleep(ctx, lastRetry, nil)
		}
	})
}

// reselect has members look at what a selector gives or takes now that it did not before.
func (c *Controller) reselect(before, now *fleet) {
	moved := map[string][]string{} // members by selector
	for _, k := range c.sources.kinds() {
		if k.Divided != kinds.Whole {
			continue
		}
		for _, s := range c.sources.all(k.ID(), func(s *source) bool { return s.selector != "" && s.problem == "" && !s.leaving() }) {
			names, ok := moved[s.selector]
			if !ok {
				names = differ(before, now, s.selector)
				moved[s.selector] = names
			}
			if len(names) > 0 {
				c.want(s.key, delivery.Recheck, names)
				c.o.Changed(s.key)
			}
		}
	}
}

// differ are the members of now that one fleet selects and the other does not.
func differ(before, now *fleet, selector string) []string {
	was, is := before.selects(selector), now.selects(selector)
	var names []string
	for i, name := range now.names {
		at, known := before.at[name]
		if known && was.in[at] != is.in[i] {
			names = append(names, name)
		}
	}
	return names
}
