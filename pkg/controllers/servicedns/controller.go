package servicedns

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	workers = 4
	// gather is how long a Service rests after a change: what follows at once is looked at with it.
	gather = 20 * time.Millisecond
	// Between tries of what the federation API refuses.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Controller publishes Services. See New.
type Controller struct {
	o        Options
	kind     kinds.Kind // of Services
	metrics  *keeper.Metrics
	queue    workqueue.TypedDelayingInterface[types.NamespacedName]
	retries  workqueue.TypedRateLimiter[types.NamespacedName]
	informer toolscache.SharedIndexInformer
	hosts    *hostnames
	zones    []*zone // from Start on
	fleet    atomic.Pointer[fleet]
	census   chan struct{} // the fleet may be another

	mu        sync.Mutex
	published map[types.NamespacedName]*memory
	ingresses map[types.NamespacedName]map[types.NamespacedName]bool // Services that have an Ingress' addresses
	ended     map[types.NamespacedName]end                           // Services that are there no more, until they were looked at
	departed  map[string]types.UID                                   // Clusters that were seen being deleted
	missed    bool                                                   // more Clusters are missing than can have left unseen
	first     map[types.NamespacedName]bool                          // Services that were there at the start, and were not looked at yet; nil: all were
}

// New returns a Controller that does nothing until Start.
func New(o Options) *Controller {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	c := &Controller{
		o:         o,
		queue:     workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[types.NamespacedName]{Clock: o.Clock}),
		retries:   workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](firstRetry, lastRetry),
		census:    make(chan struct{}, 1),
		published: map[types.NamespacedName]*memory{}, ingresses: map[types.NamespacedName]map[types.NamespacedName]bool{},
		ended: map[types.NamespacedName]end{}, departed: map[string]types.UID{},
	}
	for _, k := range kinds.Default() {
		if k.ID() == services {
			c.kind = k
		}
	}
	if o.Metrics != nil {
		c.metrics = keeper.NewMetrics(o.Metrics)
	}
	c.hosts = newHostnames(o.Resolver, o.Clock, c.look)
	c.informer = newInformer(o.Services)
	return c
}

// NeedLeaderElection says that only one instance at a time may do this.
func (c *Controller) NeedLeaderElection() bool { return true }

// Start publishes until ctx ends, and returns when nothing of it is at work any more.
func (c *Controller) Start(ctx context.Context) error {
	uid, err := c.identify(ctx)
	if err != nil {
		return nil // ctx has ended
	}
	c.zones = c.newZones(uid)
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	handle, err := c.informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: c.come, UpdateFunc: func(_, is any) { c.seen(is) }, DeleteFunc: c.gone,
	})
	if err != nil {
		return err
	}
	running.Go(func() { c.informer.RunWithContext(ctx) })
	running.Go(func() { c.hosts.run(ctx) })
	running.Go(func() { c.tellZones(ctx) })
	for _, z := range c.zones {
		running.Go(func() { z.keeper.Run(ctx) })
	}
	counted := make(chan struct{})
	running.Go(func() { c.watchFleet(ctx, counted) })
	select {
	case <-ctx.Done():
		return nil
	case <-counted:
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), handle.HasSynced) {
		return nil
	}
	c.begin()
	for range workers {
		running.Go(func() {
			for c.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	c.queue.ShutDown()
	return nil
}

// begin has all Services looked at that there are, after which what nobody wants in the zones is garbage.
func (c *Controller) begin() {
	c.mu.Lock()
	c.first = map[types.NamespacedName]bool{}
	for _, o := range c.informer.GetStore().List() {
		if s, ok := o.(*corev1.Service); ok {
			key := types.NamespacedName{Namespace: s.Namespace, Name: s.Name}
			c.first[key] = true
			c.queue.Add(key)
		}
	}
	c.mu.Unlock()
	c.looked(types.NamespacedName{})
}

// looked says that a Service was looked at.
func (c *Controller) looked(key types.NamespacedName) {
	c.mu.Lock()
	if c.first == nil {
		c.mu.Unlock()
		return
	}
	delete(c.first, key)
	all := len(c.first) == 0
	if all {
		c.first = nil
	}
	c.mu.Unlock()
	if all {
		for _, z := range c.zones {
			z.keeper.Known()
		}
	}
}

// next looks at one Service. It is false when there will be no more.
func (c *Controller) next(ctx context.Context) bool {
	key, end := c.queue.Get()
	if end {
		return false
	}
	defer c.queue.Done(key)
	if ctx.Err() != nil {
		return true
	}
	log := ctrl.LoggerFrom(ctx).WithValues("namespace", key.Namespace, "name", key.Name)
	again, err := c.reconcile(ctrl.LoggerInto(ctx, log), key)
	c.looked(key)
	switch {
	case err == nil:
		c.retries.Forget(key)
	case ctx.Err() == nil:
		again = c.retries.When(key)
		log.Error(err, "What there is to say of a Service's names could not be written; it is tried again", "after", again)
	}
	if again > 0 {
		c.queue.AddAfter(key, again)
	}
	return true
}

// look has a Service looked at soon. It does not block.
func (c *Controller) look(key types.NamespacedName) { c.queue.AddAfter(key, gather) }

// seen is told of Services that have become others.
func (c *Controller) seen(o any) {
	if key, err := toolscache.DeletionHandlingObjectToName(o); err == nil {
		c.look(types.NamespacedName{Namespace: key.Namespace, Name: key.Name})
	}
}

// come is told of Services that are new, or there again.
func (c *Controller) come(o any) {
	if s, ok := o.(*corev1.Service); ok {
		c.mu.Lock()
		delete(c.ended, types.NamespacedName{Namespace: s.Namespace, Name: s.Name})
		c.mu.Unlock()
	}
	c.seen(o)
}

// gone is told of Services that are there no more. It may be told before whoever looks at one of them has made a memory of it.
func (c *Controller) gone(o any) {
	key, err := toolscache.DeletionHandlingObjectToName(o)
	if err != nil {
		return
	}
	is := deleted
	if last, listed := o.(toolscache.DeletedFinalStateUnknown); listed {
		if s, ok := last.Obj.(*corev1.Service); !ok || s.DeletionTimestamp == nil {
			is = lost
		}
	}
	c.mu.Lock()
	c.ended[types.NamespacedName{Namespace: key.Namespace, Name: key.Name}] = is
	c.mu.Unlock()
	c.seen(o)
}

// Changed is to be told of objects whose Snapshot may be another. It does not block.
func (c *Controller) Changed(key delivery.Key) {
	name := types.NamespacedName{Namespace: key.Namespace, Name: key.Name}
	switch key.Kind { //nolint:exhaustive // others have no addresses
	case services:
		c.mu.Lock()
		_, is := c.published[name]
		c.mu.Unlock()
		if is {
			c.look(name)
		}
	case ingresses:
		c.mu.Lock()
		defer c.mu.Unlock()
		for service := range c.ingresses[name] {
			c.look(service)
		}
	}
}

// EndpointsChanged is to be told as endpoints.Options says. It does not block.
func (c *Controller) EndpointsChanged(member string, service types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if service != (types.NamespacedName{}) {
		if c.published[service] != nil {
			c.look(service)
		}
		return
	}
	c.lookAt(member)
}

// lookAt has all Services looked at that have to do with one of these members. The caller holds mu.
func (c *Controller) lookAt(members ...string) {
	for key, m := range c.published {
		if slices.ContainsFunc(members, func(member string) bool { _, has := m.members[member]; return has }) {
			c.look(key)
		}
	}
}

// identify returns the federation's UID. It waits for a federation API that does not answer yet; an error says that ctx has ended.
func (c *Controller) identify(ctx context.Context) (types.UID, error) {
	for {
		system, err := c.o.Namespaces.Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		if err == nil {
			return system.UID, nil
		}
		ctrl.LoggerFrom(ctx).Info("The federation API cannot be asked yet", "reason", err.Error())
		if c.sleep(ctx, time.Second, nil); ctx.Err() != nil {
			return "", ctx.Err()
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
