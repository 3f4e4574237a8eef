package memberdns

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

// Labels of a ConfigMap that was not there before us. Without data it goes again.
const (
	managedByLabel = "app.kubernetes.io/managed-by"
	partOfLabel    = "app.kubernetes.io/part-of"
	manager        = "fedhelm"
)

// again is how long others are let go first, when many federations come and go at once.
var again = wait.Backoff{Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 9}

// edit changes a ConfigMap of namespace kube-system as fn says, which is called anew on what somebody else made of the
// ConfigMap meanwhile, and must change nothing when there is nothing to change. With create fn gets an empty one where
// there is none.
func edit(ctx context.Context, client kubernetes.Interface, name string, create bool, fn func(*corev1.ConfigMap) error) (changed bool, err error) {
	err = retry.RetryOnConflict(again, func() error {
		changed, err = editOnce(ctx, client, name, create, fn)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("change ConfigMap %q: %w", metav1.NamespaceSystem+"/"+name, err)
	}
	return changed, nil
}

func editOnce(ctx context.Context, client kubernetes.Interface, name string, create bool, fn func(*corev1.ConfigMap) error) (bool, error) {
	maps := client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
	cm, err := maps.Get(ctx, name, metav1.GetOptions{})
	absent := apierrors.IsNotFound(err)
	switch {
	case absent && !create:
		return false, nil
	case absent:
		cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: metav1.NamespaceSystem,
			Labels: map[string]string{managedByLabel: manager, partOfLabel: "federation"},
		}}
	case err != nil:
		return false, err
	}
	before := cm.DeepCopy()
	if err := fn(cm); err != nil {
		return false, err
	}
	switch {
	case equality.Semantic.DeepEqual(before, cm):
		return false, nil
	case absent:
		_, err = maps.Create(ctx, cm, metav1.CreateOptions{FieldManager: manager})
		if apierrors.IsAlreadyExists(err) { // somebody was quicker: the next try sees it
			err = apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, name, err)
		}
	case cm.Labels[managedByLabel] == manager && len(cm.Data) == 0 && len(cm.BinaryData) == 0:
		err = maps.Delete(ctx, name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &cm.UID, ResourceVersion: &cm.ResourceVersion},
		})
		if apierrors.IsNotFound(err) {
			err = nil
		}
	default:
		_, err = maps.Update(ctx, cm, metav1.UpdateOptions{FieldManager: manager})
	}
	return err == nil, err
}
