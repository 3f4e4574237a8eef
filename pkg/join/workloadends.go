package join

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/inventory"
)

var (
	namespaces  = schema.GroupResource{Resource: "namespaces"}
	definitions = schema.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}
)

// holdsOthers tells whether objects of a kind hold others, which may be somebody else's.
func holdsOthers(kind schema.GroupResource) bool { return kind == namespaces || kind == definitions }

// deleteWorkloads deletes the federation's objects: those in which others may have something at the end, and only if they have not.
func (u *unjoinRun) deleteWorkloads(ctx context.Context, kinds []inventory.ServedKind, found []workload) error {
	var plain, holders []workload
	for _, w := range found {
		if holdsOthers(w.kind.GroupResource()) {
			holders = append(holders, w)
		} else {
			plain = append(plain, w)
		}
	}
	if err := u.each(ctx, plain, "deleted", u.delete); err != nil {
		return err
	}
	var free, used []workload
	for _, w := range holders {
		inUse, err := u.inUse(ctx, kinds, w)
		if err != nil {
			return err
		}
		if inUse {
			used = append(used, w)
		} else {
			free = append(free, w)
		}
	}
	if err := u.each(ctx, free, "deleted", u.delete); err != nil {
		return err
	}
	return u.each(ctx, used, "kept for what others have in it, without the federation's marks", u.unmark)
}

// inUse tells whether a namespace, or the definition of a kind, has objects that are not the federation's. In a dry run, where
// the federation's are still there, nobody can tell.
func (u *unjoinRun) inUse(ctx context.Context, kinds []inventory.ServedKind, holder workload) (bool, error) {
	if u.DryRun {
		return false, nil
	}
	if holder.kind.GroupResource() == namespaces {
		return federation.NamespaceInUse(ctx, u.Member.Client.Discovery(), u.Member.Objects, holder.name), ctx.Err()
	}
	i := slices.IndexFunc(kinds, func(k inventory.ServedKind) bool { return k.GroupResource() == schema.ParseGroupResource(holder.name) })
	if i < 0 {
		return false, nil // not served, so nobody could make one
	}
	instances, err := u.Member.Objects.Resource(kinds[i].GroupVersionResource).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("list the %s of member %q: %w", holder.name, u.Name, err)
	}
	return slices.ContainsFunc(instances.Items, func(o metav1.PartialObjectMetadata) bool { return o.DeletionTimestamp == nil }), nil
}

// delete deletes the very object that was found, and lets Kubernetes delete what it owns.
func (u *unjoinRun) delete(ctx context.Context, w workload) error {
	err := u.objects(w).Delete(ctx, w.name, metav1.DeleteOptions{
		PropagationPolicy: ptr.To(metav1.DeletePropagationBackground), Preconditions: &metav1.Preconditions{UID: &w.uid},
	})
	if apierrors.IsConflict(err) { // another of that name has taken its place
		return nil
	}
	return err
}

// unmark takes the federation's marks off, if the object is still the one that was found and still has them.
func (u *unjoinRun) unmark(ctx context.Context, w workload) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		_, err := u.objects(w).Patch(ctx, w.name, types.MergePatchType, withoutMarks(w), metav1.PatchOptions{FieldManager: fieldManager})
		if !apierrors.IsConflict(err) {
			return err
		}
		now, getErr := u.objects(w).Get(ctx, w.name, metav1.GetOptions{})
		switch {
		case getErr != nil:
			return getErr
		case now.UID != w.uid || !u.propagated(now):
			return nil
		}
		w.version = now.ResourceVersion
		return err
	})
}

func withoutMarks(w workload) []byte {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": w.uid, "resourceVersion": w.version,
		"labels": map[string]any{fedv1beta1.LabelPropagatedBy: nil},
		"annotations": map[string]any{
			fedv1beta1.AnnotationFederationUID: nil, fedv1beta1.AnnotationSourceUID: nil, fedv1beta1.AnnotationHash: nil,
		},
	}})
	if err != nil {
		panic(err) // a map of strings
	}
	return patch
}
