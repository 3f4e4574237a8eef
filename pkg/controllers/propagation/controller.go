package propagation

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// rememberedDeletions is how many of them are known for what they were: after that, a copy that comes to light is one without a source.
const rememberedDeletions = 1 << 16

// How many goroutines plan, and how many let sources go, which is waiting for answers.
const (
	planners = 2
	tenders  = 32
)

// Between tries to write to a source.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Controller is the part of the controller manager that decides. See New.
type Controller struct {
	o       Options
	objects dynamic.Interface
	meta    metadata.Interface
	metrics *metrics

	marks    shape.Marks // known from Start on
	sources  *sources
	plans    *plans
	tombs    *tombs
	posts    posts
	busy     busy
	gates    *gates
	flights  *flights
	follower followers
	fleet    atomic.Pointer[fleet]
	census   chan struct{} // the fleet may be another

	counted atomic.Bool // the fleet is known

	planning workqueue.TypedDelayingInterface[delivery.Key]
	tending  workqueue.TypedDelayingInterface[delivery.Key]
	landing  workqueue.TypedDelayingInterface[place]
	retries  workqueue.TypedRateLimiter[delivery.Key] // of tending
	waits    *waits                                   // of sources that are leaving
	running  sync.WaitGroup
	fatal    chan error
}

// New returns a controller that does nothing until Start.
func New(o Options) (*Controller, error) {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	config := rest.CopyConfig(o.API)
	config.QPS, config.RateLimiter = -1, nil
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of the federation API: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of the federation API: %w", err)
	}
	c := &Controller{
		o: o, objects: objects, meta: meta,
		sources: newSources(), plans: newPlans(), tombs: newTombs(rememberedDeletions), flights: newFlights(), waits: newWaits(),
		census: make(chan struct{}, 1), fatal: make(chan error, 1),
	}
	c.gates = newGates(o.Clock)
	c.planning, c.tending, c.landing = newQueue[delivery.Key](o.Clock), newQueue[delivery.Key](o.Clock), newQueue[place](o.Clock)
	c.retries = workqueue.NewTypedItemExponentialFailureRateLimiter[delivery.Key](firstRetry, lastRetry)
	c.metrics = newMetrics(o.Metrics, c.sources)
	c.fleet.Store(newFleet(nil))
	c.follower.wake = make(chan struct{}, 1)
	return c, nil
}

// NeedLeaderElection says that only one instance at a time may do this.
func (c *Controller) NeedLeaderElection() bool { return true }

// Start propagates until ctx ends, and returns when nothing of it is at work any more, except for Agents, which end with their members.
func (c *Controller) Start(ctx context.Context) error {
	if err := c.identify(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer c.running.Wait()
	defer cancel()
	for _, queue := range []interface{ ShutDown() }{c.planning, c.tending, c.landing} {
		defer queue.ShutDown()
	}
	work(ctx, &c.running, planners, c.planning, c.plan)
	work(ctx, &c.running, tenders, c.tending, c.tend)
	work(ctx, &c.running, 1, c.landing, c.land)
	c.running.Go(func() { c.o.Ledger.Run(ctx) })
	for _, run := range []func(context.Context) error{c.watchFleet, c.followKinds, c.attend, c.openGates, c.watchBrakes} {
		c.running.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				c.fail(err)
			}
		})
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-c.fatal:
		return err
	}
}

// fail ends Start.
func (c *Controller) fail(err error) {
	select {
	case c.fatal <- err:
	default: // it ends already
	}
}

func newQueue[T comparable](clock clock.WithTicker) workqueue.TypedDelayingInterface[T] {
	return workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[T]{Clock: clock})
}

// work has so many goroutines do what is in a queue until it is shut down.
func work[T comparable](ctx context.Context, running *sync.WaitGroup, workers int, queue workqueue.TypedInterface[T], do func(context.Context, T)) {
	for range workers {
		running.Go(func() {
			for {
				key, ended := queue.Get()
				if ended {
					return
				}
				if ctx.Err() == nil {
					do(ctx, key)
				}
				queue.Done(key)
			}
		})
	}
}

// identify learns the federation's UID, and what members owe it; it waits for a federation API that does not answer yet.
func (c *Controller) identify(ctx context.Context) error {
	for {
		var system corev1.Namespace
		err := c.o.Live.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, &system)
		if err == nil {
			err = c.o.Ledger.Load(ctx)
		}
		if err == nil {
			c.marks = shape.Marks{Federation: c.o.Federation, FederationUID: system.UID}
			return nil
		}
		ctrl.LoggerFrom(ctx).Info("The federation API cannot be asked yet", "reason", err.Error())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.o.Clock.After(identifyAgain):
		}
	}
}
