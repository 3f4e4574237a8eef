package members

import (
	"context"
	"fmt"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// ClusterSource has the Clusters of the federation API, as the manager's cache does.
type ClusterSource interface {
	GetInformer(ctx context.Context, obj client.Object, opts ...cache.InformerGetOption) (cache.Informer, error)
}

// Start follows the Clusters of the federation API until ctx ends, and returns when everything that it began has ended.
func (r *Registry) Start(ctx context.Context) error {
	defer r.wait()
	informer, err := r.informer(ctx)
	if err != nil {
		return err
	}
	handle, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { r.handle(ctx, obj) },
		UpdateFunc: func(_, obj any) { r.handle(ctx, obj) },
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}
			if cluster, ok := obj.(*fedv1beta1.Cluster); ok {
				r.Forget(cluster.Name)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch Clusters: %w", err)
	}
	<-ctx.Done()
	if err := informer.RemoveEventHandler(handle); err != nil {
		return fmt.Errorf("stop watching Clusters: %w", err)
	}
	return nil
}

// wait is for the time after the end of Start's context.
func (r *Registry) wait() {
	r.mu.Lock()   // a handler of events may still be at it: Follow begins nothing after this
	r.mu.Unlock() //nolint:staticcheck // as above
	r.running.Wait()
}

func (r *Registry) handle(ctx context.Context, obj any) {
	if cluster, ok := obj.(*fedv1beta1.Cluster); ok {
		r.Follow(ctx, cluster)
	}
}

// informer waits for a federation API that does not serve Clusters yet.
func (r *Registry) informer(ctx context.Context) (cache.Informer, error) {
	for {
		informer, err := r.o.Clusters.GetInformer(ctx, &fedv1beta1.Cluster{})
		if err == nil {
			return informer, nil
		}
		ctrl.LoggerFrom(ctx).Info("Clusters cannot be watched yet", "reason", err.Error())
		if !r.sleep(ctx, time.Second) {
			return nil, ctx.Err()
		}
	}
}
