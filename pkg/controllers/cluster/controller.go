// Package cluster tells of each member of the federation, in the status of its Cluster, whether it is there and well, and where it runs.
package cluster

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
)

// Controller asks each member again and again how it is. Each has a goroutine of its own, so that one which does not answer holds up
// no other, and which is the only writer of that Cluster's status.
type Controller struct {
	o       Options
	metrics *metrics

	mu       sync.Mutex
	monitors map[string]*monitor
	running  sync.WaitGroup
}

// New returns a controller that does nothing until Start.
func New(o Options) *Controller {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Jitter == nil {
		o.Jitter = func(d time.Duration) time.Duration {
			return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64())) //nolint:gosec // spread, not secrecy
		}
	}
	return &Controller{o: o, metrics: newMetrics(o.Metrics), monitors: map[string]*monitor{}}
}

// Start watches over the members until ctx ends.
func (c *Controller) Start(ctx context.Context) error {
	unsubscribe := c.o.Members.Subscribe(func(name string) { c.changed(ctx, name) })
	<-ctx.Done()
	unsubscribe()
	c.mu.Lock()
	for name := range c.monitors {
		c.end(name)
	}
	c.mu.Unlock()
	c.running.Wait()
	return nil
}

// changed begins, wakes or ends the monitor of a member.
func (c *Controller) changed(ctx context.Context, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, followed := c.o.Members.State(name); !followed || ctx.Err() != nil {
		c.end(name)
		return
	}
	if m := c.monitors[name]; m != nil {
		m.poke()
		return
	}
	m := newMonitor(c, name)
	c.monitors[name] = m
	ctx = ctrl.LoggerInto(ctx, ctrl.LoggerFrom(ctx).WithValues("cluster", name))
	ctx, m.stop = context.WithCancel(ctx)
	c.running.Go(func() {
		defer close(m.done)
		m.run(ctx)
	})
}

// end takes a monitor away. The caller holds the lock: what the monitor had in the metrics is gone when it returns, so that it cannot
// take away what its successor has.
func (c *Controller) end(name string) {
	m := c.monitors[name]
	if m == nil {
		return
	}
	delete(c.monitors, name)
	m.stop()
	<-m.done
	c.metrics.forget(name)
}
