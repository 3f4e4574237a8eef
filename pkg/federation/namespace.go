package federation

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
)

// EnsureNamespace makes the namespace, labelled as ours, unless it is there. It reports whether it made it.
func EnsureNamespace(ctx context.Context, client kubernetes.Interface, name string) (bool, error) {
	found, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	switch {
	case err == nil && found.Status.Phase == corev1.NamespaceTerminating:
		return false, fmt.Errorf("namespace %q is being deleted; wait until `kubectl get namespace %s` no longer finds it, then run this again", name, name)
	case err == nil, apierrors.IsForbidden(err): // it may be there and ours to use, though not to read
		return false, nil
	case !apierrors.IsNotFound(err):
		return false, fmt.Errorf("look for namespace %q: %w", name, err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{LabelManagedBy: ManagedBy}}}
	_, err = client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{FieldManager: fieldManager})
	if apierrors.IsAlreadyExists(err) {
		return false, nil // somebody was faster
	}
	if err != nil {
		return false, fmt.Errorf("create namespace %q: %w", name, err)
	}
	return true, nil
}

// RemoveNamespace deletes the namespace if EnsureNamespace made it and nothing that anybody would miss is left in it, and
// waits until it is gone. It reports whether it did; what is gone already is no error. objects reads any kind there is.
func RemoveNamespace(ctx context.Context, client kubernetes.Interface, objects metadata.Interface, name string) (bool, error) {
	namespace, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for namespace %q: %w", name, err)
	}
	if namespace.Labels[LabelManagedBy] != ManagedBy {
		return false, nil
	}
	if NamespaceInUse(ctx, client.Discovery(), objects, name) {
		return false, ctx.Err()
	}
	uid := namespace.UID
	err = client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("delete namespace %q: %w", name, err)
	}
	err = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		found, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return err == nil && found.UID != uid, err
	})
	if err != nil {
		return false, fmt.Errorf("wait until namespace %q is gone: %w", name, err)
	}
	return true, nil
}

// NamespaceInUse tells whether a namespace holds anything, of any kind there is, but what Kubernetes itself puts into namespaces.
// What cannot be looked at may hold something: a group whose API server is away, a kind that we may not list.
func NamespaceInUse(ctx context.Context, kinds discovery.ServerResourcesInterface, objects metadata.Interface, namespace string) bool {
	served, err := ServedKinds(kinds)
	if err != nil {
		return true
	}
	clusterWide := map[schema.GroupKind]bool{}
	for _, kind := range served {
		if !kind.Namespaced {
			clusterWide[schema.GroupKind{Group: kind.Group, Kind: kind.Kind}] = true
		}
	}
	for _, kind := range served {
		if !kind.Namespaced {
			continue
		}
		found, err := objects.Resource(kind.GroupVersionResource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil || slices.ContainsFunc(found.Items, func(o metav1.PartialObjectMetadata) bool { return isSomebodys(kind.Resource, &o, clusterWide) }) {
			return true
		}
	}
	return false
}

// isSomebodys leaves out what every namespace has, what is on its way out, and what goes with its owner, which is looked at itself if it
// is in the namespace too: one that is in none would miss what it owns.
func isSomebodys(resource string, o *metav1.PartialObjectMetadata, clusterWide map[schema.GroupKind]bool) bool {
	switch {
	case resource == "configmaps" && o.Name == "kube-root-ca.crt", resource == "serviceaccounts" && o.Name == "default", o.DeletionTimestamp != nil:
		return false
	default:
		return len(o.OwnerReferences) == 0 || slices.ContainsFunc(o.OwnerReferences, func(owner metav1.OwnerReference) bool {
			return clusterWide[schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()]
		})
	}
}
