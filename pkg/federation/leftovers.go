package federation

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// Begun tells whether anything is there that an init or a delete left half done.
func Begun(ctx context.Context, client kubernetes.Interface, ref Ref) (bool, error) {
	_, err := client.CoordinationV1().Leases(ref.Namespace).Get(ctx, ref.lockName(), metav1.GetOptions{})
	if err == nil {
		return true, nil
	}
	if !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("look for lock %q in namespace %q: %w", ref.lockName(), ref.Namespace, err)
	}
	secrets, err := client.CoreV1().Secrets(ref.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ref.selector()})
	if err != nil {
		return false, fmt.Errorf("list the Secrets of federation %q: %w", ref.Name, err)
	}
	return len(secrets.Items) > 0, nil
}

// Claims are the names of the claims that hold the federation's data: those made for its etcd and that of its DNS server, not
// existing ones that they were given.
func Claims(ctx context.Context, client kubernetes.Interface, ref Ref) ([]string, error) {
	all, err := client.CoreV1().PersistentVolumeClaims(ref.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: fmt.Sprintf("%s=%s,%s in (%s,%s)", LabelInstance, ref.Name, LabelName, AppName, dnsAppName),
	})
	if err != nil {
		return nil, fmt.Errorf("list the claims of federation %q: %w", ref.Name, err)
	}
	var names []string
	for i := range all.Items {
		if strings.HasPrefix(all.Items[i].Name, "data-"+ref.Name+"-") { // as a StatefulSet names them
			names = append(names, all.Items[i].Name)
		}
	}
	return names, nil
}

// RemoveClaims deletes the claims, and waits until they are gone: a pod that still uses one holds it back.
func RemoveClaims(ctx context.Context, client kubernetes.Interface, ref Ref, names []string) error {
	claims := client.CoreV1().PersistentVolumeClaims(ref.Namespace)
	for _, name := range names {
		if err := claims.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete claim %q in namespace %q: %w", name, ref.Namespace, err)
		}
	}
	for _, name := range names {
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			_, err := claims.Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return true, nil
			}
			return false, err
		})
		if err != nil {
			return fmt.Errorf("wait until claim %q in namespace %q is gone: %w", name, ref.Namespace, err)
		}
	}
	return nil
}

// WaitPodsGone returns when no pod of the federation is left, or with ctx.
func WaitPodsGone(ctx context.Context, client kubernetes.Interface, ref Ref) error {
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		pods, err := client.CoreV1().Pods(ref.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ref.selector()})
		if err != nil && ctx.Err() != nil {
			return false, context.Cause(ctx) // what ended the wait, not that a question was under way
		}
		return err == nil && len(pods.Items) == 0, err
	})
	if err != nil {
		return fmt.Errorf("wait until the pods of federation %q are gone: %w", ref.Name, err)
	}
	return nil
}
