package federation

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
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
// waits until it is gone. It reports whether it did; what is gone already is no error.
func RemoveNamespace(ctx context.Context, client kubernetes.Interface, name string) (bool, error) {
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
	left, err := leftIn(ctx, client, name)
	if err != nil || left {
		return false, err
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

// leftIn tells whether a namespace holds anything but what Kubernetes puts into every namespace.
func leftIn(ctx context.Context, client kubernetes.Interface, namespace string) (bool, error) {
	every := metav1.ListOptions{}
	lists := []func() (int, error){
		func() (int, error) {
			l, err := client.CoreV1().Secrets(namespace).List(ctx, every)
			n := 0
			for i := range l.Items {
				if l.Items[i].Type != corev1.SecretTypeServiceAccountToken {
					n++
				}
			}
			return n, err
		},
		func() (int, error) {
			l, err := client.CoreV1().ConfigMaps(namespace).List(ctx, every)
			n := 0
			for i := range l.Items {
				if !strings.HasPrefix(l.Items[i].Name, "kube-root-ca.crt") {
					n++
				}
			}
			return n, err
		},
		func() (int, error) {
			l, err := client.CoreV1().PersistentVolumeClaims(namespace).List(ctx, every)
			return len(l.Items), err
		},
		func() (int, error) {
			l, err := client.CoreV1().Services(namespace).List(ctx, every)
			return len(l.Items), err
		},
		func() (int, error) {
			l, err := client.AppsV1().Deployments(namespace).List(ctx, every)
			return len(l.Items), err
		},
		func() (int, error) {
			l, err := client.AppsV1().StatefulSets(namespace).List(ctx, every)
			return len(l.Items), err
		},
		func() (int, error) {
			l, err := client.BatchV1().Jobs(namespace).List(ctx, every)
			return len(l.Items), err
		},
		func() (int, error) {
			l, err := client.CoordinationV1().Leases(namespace).List(ctx, every)
			return len(l.Items), err
		},
		func() (int, error) { return foreignPods(ctx, client, namespace) },
	}
	for _, count := range lists {
		n, err := count()
		if err != nil {
			return false, fmt.Errorf("see what is left in namespace %q: %w", namespace, err)
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// foreignPods counts pods that are not on their way out already.
func foreignPods(ctx context.Context, client kubernetes.Interface, namespace string) (int, error) {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	n := 0
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil && pods.Items[i].Labels[LabelPartOf] != PartOf {
			n++
		}
	}
	return n, nil
}
