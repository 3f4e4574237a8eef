package servicedns

import (
	"context"
	"sync"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// censusPause is between two looks at all Clusters: what changes meanwhile is seen in one.
const censusPause = 50 * time.Millisecond

// watchFleet keeps the fleet up to date until ctx ends; counted is closed when it is known.
func (c *Controller) watchFleet(ctx context.Context, counted chan<- struct{}) {
	informer := c.clusterInformer(ctx)
	if informer == nil {
		return
	}
	wake := func() {
		select {
		case c.census <- struct{}{}:
		default:
		}
	}
	handle, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() }, UpdateFunc: func(any, any) { wake() }, DeleteFunc: func(o any) { c.parted(o); wake() },
	})
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Clusters cannot be watched")
		return
	}
	defer func() { _ = informer.RemoveEventHandler(handle) }() // it ends with the process at the latest
	toolscache.WaitForCacheSync(ctx.Done(), handle.HasSynced)
	for known := sync.OnceFunc(func() { close(counted) }); ctx.Err() == nil; {
		again, err := c.count(ctx)
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "Clusters could not be looked at")
			again = c.o.Clock.Now().Add(time.Second)
		} else {
			known()
		}
		c.sleep(ctx, censusPause, nil)
		if !again.IsZero() {
			c.sleep(ctx, again.Sub(c.o.Clock.Now()), c.census)
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.census:
		}
	}
}

// clusterInformer waits for a federation API that does not serve Clusters yet; nil if ctx ends before.
func (c *Controller) clusterInformer(ctx context.Context) cache.Informer {
	for ctx.Err() == nil {
		informer, err := c.o.Clusters.GetInformer(ctx, &fedv1beta1.Cluster{})
		if err == nil {
			return informer
		}
		ctrl.LoggerFrom(ctx).Info("Clusters cannot be watched yet", "reason", err.Error())
		c.sleep(ctx, time.Second, nil)
	}
	return nil
}

// count makes the fleet what the Clusters say, and has Services looked at that this is something to. It says when to do so again although none
// of them has changed; zero for never.
func (c *Controller) count(ctx context.Context) (again time.Time, err error) {
	var clusters fedv1beta1.ClusterList
	if err := c.o.Client.List(ctx, &clusters, client.UnsafeDisableDeepCopy); err != nil {
		return time.Time{}, err
	}
	now, again := fleetOf(clusters.Items, grace{c.o.OfflineGrace, c.o.OfflinePercent}, c.o.Clock.Now())
	before := c.fleet.Load()
	if before == nil {
		c.fleet.Store(now)
		return again, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	again = c.retain(ctx, before, now, clusters.Items, again)
	c.fleet.Store(now)
	names, places := differ(before, now)
	if places {
		for key := range c.published {
			c.look(key)
		}
		return again, nil
	}
	c.lookAt(names...)
	return again, nil
}
