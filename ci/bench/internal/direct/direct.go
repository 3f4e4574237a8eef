// Package direct is the floor of propagation: objects are applied straight to their clusters, in parallel, by the dynamic client, without a
// limit of its rate, and without anything that would have to be remembered.
package direct

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
)

// manager is under what name objects are applied.
const manager = "fedhelm-bench"

// Apply applies the objects to each cluster by that many workers, and returns how long it took until all were there. Namespaces go first.
func Apply(ctx context.Context, clusters []*rest.Config, objects []workload.Object, workers int) (time.Duration, error) {
	clients := make([]dynamic.Interface, len(clusters))
	for i, config := range clusters {
		config = rest.CopyConfig(config)
		config.QPS = -1
		client, err := dynamic.NewForConfig(config)
		if err != nil {
			return 0, err
		}
		clients[i] = client
	}
	var first, then []workload.Object
	for _, o := range objects {
		if o.Kind.Namespaced {
			then = append(then, o)
		} else {
			first = append(first, o)
		}
	}
	all, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for i, client := range clients {
		all.Go(func() error {
			for _, some := range [][]workload.Object{first, then} {
				if err := apply(ctx, client, some, workers); err != nil {
					return fmt.Errorf("%s: %w", clusters[i].Host, err)
				}
			}
			return nil
		})
	}
	err := all.Wait()
	return time.Since(start), err
}

func apply(ctx context.Context, client dynamic.Interface, objects []workload.Object, workers int) error {
	all, ctx := errgroup.WithContext(ctx)
	next := make(chan workload.Object)
	all.Go(func() error {
		defer close(next)
		for _, o := range objects {
			select {
			case next <- o:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range workers {
		all.Go(func() error {
			for o := range next {
				_, err := client.Resource(o.Kind.GroupVersionResource()).Namespace(o.Namespace).
					Patch(ctx, o.Name, types.ApplyPatchType, o.Body, metav1.PatchOptions{FieldManager: manager, Force: new(true)})
				if err != nil {
					return fmt.Errorf("apply %s %s/%s: %w", o.Kind.Kind, o.Namespace, o.Name, err)
				}
			}
			return nil
		})
	}
	return all.Wait()
}
