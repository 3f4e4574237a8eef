package teardown

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/hooks/internal/wait"
)

// Deployments reads and scales Deployments of the host namespace.
type Deployments interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*appsv1.Deployment, error)
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, opts metav1.PatchOptions, subresources ...string) (*appsv1.Deployment, error)
}

// resumeLimit is how long it may take to start what was stopped, when there is no time left for anything else.
const resumeLimit = 10 * time.Second

// stopManager ends the controller manager's pods. What it returns starts them again, also when ctx has ended.
func (o Options) stopManager(ctx context.Context) (resume func(context.Context) error, err error) {
	name := o.Federation + "-controller-manager"
	manager, err := o.Records.Manager.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return func(context.Context) error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read deployment %s/%s: %w", o.Namespace, name, err)
	}
	before := int32(1)
	if manager.Spec.Replicas != nil {
		before = *manager.Spec.Replicas
	}
	resume = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resumeLimit)
		defer cancel()
		return o.scale(ctx, name, before)
	}
	if err := o.scale(ctx, name, 0); err != nil {
		return nil, err
	}
	waiting, err := wait.Until(ctx, o.Out, pollInterval, func(ctx context.Context) (string, error) {
		now, err := o.Records.Manager.Get(ctx, name, metav1.GetOptions{})
		switch {
		case err != nil:
			return fmt.Sprintf("for deployment %s/%s to be readable: %v", o.Namespace, name, err), nil
		case now.Status.ObservedGeneration < now.Generation || now.Status.Replicas > 0:
			return "for the controller manager to end, which would write the records again", nil
		}
		return "", nil
	})
	if err != nil {
		_ = resume(ctx) // that it did not end is what matters
		return nil, fmt.Errorf("still waiting %s: %w", waiting, err)
	}
	return resume, nil
}

func (o Options) scale(ctx context.Context, name string, replicas int32) error {
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	if _, err := o.Records.Manager.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("scale deployment %s/%s to %d: %w", o.Namespace, name, replicas, err)
	}
	return nil
}
