// Package addons is what a cloud does for a cluster: addresses for Services of type LoadBalancer, and volumes.
package addons

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Options of Run.
type Options struct {
	Client kubernetes.Interface
	// Pool is where LoadBalancer addresses come from.
	Pool netip.Prefix
	// Volumes is the directory, on this machine, that volumes are made in.
	Volumes string
}

// Run serves the cluster until the context ends.
func Run(ctx context.Context, o Options) error {
	factory := informers.NewSharedInformerFactory(o.Client, 0)
	nodes := factory.Core().V1().Nodes().Lister()

	lb := &loadBalancers{client: o.Client, services: factory.Core().V1().Services().Lister(), pool: o.Pool}
	storage := &provisioner{
		client: o.Client, dir: o.Volumes, nodes: nodes,
		claims:  factory.Core().V1().PersistentVolumeClaims().Lister(),
		volumes: factory.Core().V1().PersistentVolumes().Lister(),
		classes: factory.Storage().V1().StorageClasses().Lister(),
	}
	// An address that one Service gives back may be what others wait for.
	services, err1 := newLoop("Service", factory.Core().V1().Services().Informer(), lb.waiting)
	claims, err2 := newLoop("PersistentVolumeClaim", factory.Core().V1().PersistentVolumeClaims().Informer(), nil)
	volumes, err3 := newLoop("PersistentVolume", factory.Core().V1().PersistentVolumes().Informer(), nil)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return fmt.Errorf("list %v: %w", kind, context.Cause(ctx))
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return services.run(ctx, lb.reconcile) })
	g.Go(func() error { return claims.run(ctx, storage.provision) })
	g.Go(func() error { return volumes.run(ctx, storage.reclaim) })
	return g.Wait()
}

// loop calls a function for each object that changed, one at a time, and again later after an error.
type loop struct {
	kind  string
	queue workqueue.TypedRateLimitingInterface[string]
}

// newLoop watches the objects of the informer. also, if not nil, names further ones to look at after one was deleted.
func newLoop(kind string, informer cache.SharedIndexInformer, also func() []string) (*loop, error) {
	l := &loop{kind: kind, queue: workqueue.NewTypedRateLimitingQueue(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 5*time.Second))}
	add := func(obj any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
			l.queue.Add(key)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: add, UpdateFunc: func(_, obj any) { add(obj) },
		DeleteFunc: func(obj any) {
			add(obj)
			if also != nil {
				for _, key := range also() {
					l.queue.Add(key)
				}
			}
		},
	})
	return l, err
}

func (l *loop) run(ctx context.Context, reconcile func(context.Context, string) error) error {
	stop := context.AfterFunc(ctx, l.queue.ShutDown)
	defer stop()
	for {
		key, done := l.queue.Get()
		if done {
			return context.Cause(ctx)
		}
		if err := reconcile(ctx, key); err != nil && !errors.Is(err, context.Canceled) {
			fmt.Printf("%s %s %s: %v\n", time.Now().Format(time.RFC3339), l.kind, key, err)
			l.queue.AddRateLimited(key)
		} else {
			l.queue.Forget(key)
		}
		l.queue.Done(key)
	}
}

func isLoadBalancer(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer && s.Spec.LoadBalancerClass == nil && s.DeletionTimestamp == nil
}
