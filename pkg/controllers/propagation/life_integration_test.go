//go:build integration

package propagation_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestIntegrationLife is the life of a few objects in two members, and a third: each part goes on where the one before ended.
func TestIntegrationLife(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", map[string]string{"side": "south"}), w.join("rohan", map[string]string{"side": "north"})
	both := []*member{gondor, rohan}
	t.Run("what is created comes into members", func(t *testing.T) { w.testCreate(t, both) })
	t.Run("what is changed is changed there", func(t *testing.T) { w.testUpdate(t, both) })
	t.Run("what is deleted goes there, and then here", func(t *testing.T) { w.testDelete(t, both) })
}

func configMap(name, value string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"key": value}}
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example.com/image"}}},
			},
		},
	}
}

func (w *world) testCreate(t *testing.T, all []*member) {
	t.Helper()
	w.must(w.api.CoreV1().ConfigMaps("shop").Create(t.Context(), configMap("motto", "one"), metav1.CreateOptions{}))
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), deployment("web", 5), metav1.CreateOptions{}))
	for _, m := range all {
		w.holds(m, "motto", "one")
	}
	w.replicas("web", 5, all...)
}

func (w *world) testUpdate(t *testing.T, all []*member) {
	t.Helper()
	w.must(w.api.CoreV1().ConfigMaps("shop").Patch(t.Context(), "motto", types.MergePatchType, []byte(`{"data":{"key":"two"}}`), metav1.PatchOptions{}))
	w.must(w.api.AppsV1().Deployments("shop").Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":8}}`), metav1.PatchOptions{}))
	for _, m := range all {
		w.holds(m, "motto", "two")
	}
	w.replicas("web", 8, all...)
}

func (w *world) testDelete(t *testing.T, all []*member) {
	t.Helper()
	w.must(nil, w.api.CoreV1().ConfigMaps("shop").Delete(t.Context(), "motto", metav1.DeleteOptions{}))
	w.must(nil, w.api.AppsV1().Deployments("shop").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	w.eventually("the sources to be gone", func() error {
		if err := gone(w.api.CoreV1().ConfigMaps("shop").Get(t.Context(), "motto", metav1.GetOptions{})); err != nil {
			return err
		}
		return gone(w.api.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{}))
	})
	for _, m := range all { // without waiting: that is what the sources were kept for
		if err := gone(m.client.CoreV1().ConfigMaps("shop").Get(t.Context(), "motto", metav1.GetOptions{})); err != nil {
			t.Errorf("the ConfigMap in %s: %v", m.name, err)
		}
		if err := gone(m.client.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})); err != nil {
			t.Errorf("the Deployment in %s: %v", m.name, err)
		}
	}
}

// holds waits until a member has a ConfigMap of namespace shop with a value.
func (w *world) holds(m *member, name, value string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("ConfigMap %s in %s to say %q", name, m.name, value), func() error {
		got, err := m.client.CoreV1().ConfigMaps("shop").Get(w.t.Context(), name, metav1.GetOptions{})
		if err == nil && got.Data["key"] != value {
			err = fmt.Errorf("it says %q", got.Data["key"])
		}
		return err
	})
}

// share is what a member has of the replicas of a Deployment.
func (m *member) share(t *testing.T, name string) (int32, error) {
	got, err := m.client.AppsV1().Deployments("shop").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return 0, fmt.Errorf("in %s: %w", m.name, err)
	}
	return *got.Spec.Replicas, nil
}

// replicas waits until members share the replicas of a Deployment evenly.
func (w *world) replicas(name string, total int32, all ...*member) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d members to share %d replicas of %s", len(all), total, name), func() error {
		var sum int32
		for _, m := range all {
			n, err := m.share(w.t, name)
			if err != nil {
				return err
			}
			if least := total / int32(len(all)); n < least || n > least+1 {
				return fmt.Errorf("%s has %d", m.name, n)
			}
			sum += n
		}
		if sum != total {
			return fmt.Errorf("they have %d", sum)
		}
		return nil
	})
}
