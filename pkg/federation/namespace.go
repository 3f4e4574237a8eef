package federation

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/fedhelm/fedhelm/pkg/inventory"
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
	found, err := inventory.InUse(ctx, kinds, objects, namespace, func(schema.GroupResource, *metav1.PartialObjectMetadata) bool { return false })
	if err != nil || len(found) > 0 {
		return true
	}
	// A Lease is no object that anybody would miss, but the first thing that somebody makes who is at work here.
	locks, err := objects.Resource(coordinationv1.SchemeGroupVersion.WithResource("leases")).Namespace(namespace).List(ctx, metav1.ListOptions{})
	return err != nil || len(locks.Items) > 0
}
