package propagation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// conflicts is how often an object may have changed while it is being written, until others have their turn.
const conflicts = 5

// setFinalizers makes the finalizers of a source what change makes of them. Nothing is written if that is nothing, or the object is gone
// or another.
func (c *Controller) setFinalizers(ctx context.Context, s *source, change func([]string) []string) error {
	kind, ok := c.sources.kind(s.key.Kind)
	if !ok {
		return nil
	}
	resource := c.meta.Resource(kind.GroupVersionResource()).Namespace(s.key.Namespace)
	version, finalizers := s.resourceVersion, s.finalizers
	for range conflicts {
		next := change(slices.Clone(finalizers))
		if slices.Equal(next, finalizers) {
			return nil
		}
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": s.uid, "resourceVersion": version, "finalizers": next}})
		if err != nil {
			return fmt.Errorf("encode finalizers of %s: %w", s.key, err)
		}
		_, err = resource.Patch(ctx, s.key.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
		switch {
		case err == nil, apierrors.IsNotFound(err):
			return nil
		case !apierrors.IsConflict(err):
			return fmt.Errorf("write finalizers of %s: %w", s.key, err)
		}
		now, err := resource.Get(ctx, s.key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read finalizers of %s: %w", s.key, err)
		}
		if now.UID != s.uid {
			return nil
		}
		version, finalizers = now.ResourceVersion, now.Finalizers
	}
	return fmt.Errorf("write finalizers of %s: somebody else changes it all the time", s.key)
}

// fieldManager is who puts finalizers on.
const fieldManager = "fedhelm-propagation"
