//go:build integration

package propagation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// TestIntegrationLife is the life of a few objects in two members, and a third: each part goes on where the one before ended.
func TestIntegrationLife(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", map[string]string{"side": "south"}), w.join("rohan", map[string]string{"side": "north"})
	both := []*member{gondor, rohan}
	t.Run("what is created comes into members", func(t *testing.T) { w.testCreate(t, both) })
	t.Run("what is changed is changed there", func(t *testing.T) { w.testUpdate(t, both) })
	t.Run("what is deleted goes there, and then here", func(t *testing.T) { w.testDelete(t, both) })
	t.Run("what is in namespace default comes, too", func(t *testing.T) { w.testDefault(t, both) })
	t.Run("a kind that is marked comes with its instances, and leaves with them", func(t *testing.T) { w.testCustomKind(t, both) })
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
		if err := gone(m.Client.CoreV1().ConfigMaps("shop").Get(t.Context(), "motto", metav1.GetOptions{})); err != nil {
			t.Errorf("the ConfigMap in %s: %v", m.Name, err)
		}
		if err := gone(m.Client.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})); err != nil {
			t.Errorf("the Deployment in %s: %v", m.Name, err)
		}
	}
}

// holds waits until a member has a ConfigMap of namespace shop with a value.
func (w *world) holds(m *member, name, value string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("ConfigMap %s in %s to say %q", name, m.Name, value), func() error {
		got, err := m.Client.CoreV1().ConfigMaps("shop").Get(w.t.Context(), name, metav1.GetOptions{})
		if err == nil && got.Data["key"] != value {
			err = fmt.Errorf("it says %q", got.Data["key"])
		}
		return err
	})
}

// share is what a member has of the replicas of a Deployment.
func (m *member) share(t *testing.T, name string) (int32, error) {
	t.Helper()
	got, err := m.Client.AppsV1().Deployments("shop").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return 0, fmt.Errorf("in %s: %w", m.Name, err)
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
				return fmt.Errorf("%s has %d", m.Name, n)
			}
			sum += n
		}
		if sum != total {
			return fmt.Errorf("they have %d", sum)
		}
		return nil
	})
}

func (w *world) testDefault(t *testing.T, all []*member) {
	t.Helper()
	w.must(w.api.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("motto", "one"), metav1.CreateOptions{}))
	for _, m := range all {
		w.eventually("it in "+m.Name, func() error {
			return there(m.Client.CoreV1().ConfigMaps("default").Get(t.Context(), "motto", metav1.GetOptions{}))
		})
		ns, err := m.Client.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{})
		w.must(ns, err)
		if ns.Labels[fedv1beta1.LabelPropagatedBy] != "" {
			t.Errorf("namespace default of %s is taken for ours", m.Name)
		}
	}
}

func (w *world) testCustomKind(t *testing.T, all []*member) {
	t.Helper()
	rings := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "rings"}
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	here := dynamic.NewForConfigOrDie(w.fed.Admin(t))
	definition := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "rings.example.com", "annotations": map[string]any{fedv1beta1.AnnotationFederate: "true"}},
		"spec": map[string]any{
			"group": "example.com", "scope": "Namespaced", "names": map[string]any{"plural": "rings", "singular": "ring", "kind": "Ring"},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
			}}},
		},
	}}
	w.must(here.Resource(definitions).Create(t.Context(), definition, metav1.CreateOptions{}))
	ring := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Ring", "metadata": map[string]any{"name": "one"}, "spec": map[string]any{"metal": "gold"},
	}}
	w.eventually("the kind to be served", func() error {
		return there(here.Resource(rings).Namespace("shop").Create(t.Context(), ring, metav1.CreateOptions{}))
	})
	for _, m := range all {
		in := dynamic.NewForConfigOrDie(m.Admin(t))
		w.eventually("an instance in "+m.Name, func() error {
			return there(in.Resource(rings).Namespace("shop").Get(t.Context(), "one", metav1.GetOptions{}))
		})
	}
	w.orphanRing(t, here.Resource(rings).Namespace("shop"), ring)
	for _, m := range all {
		stayed := dynamic.NewForConfigOrDie(m.Admin(t)).Resource(rings).Namespace("shop")
		got, err := stayed.Get(t.Context(), "orphan", metav1.GetOptions{})
		w.must(got, err)
		if metal, _, _ := unstructured.NestedString(got.Object, "spec", "metal"); metal != "gold" || len(got.GetLabels())+len(got.GetAnnotations()) > 0 {
			t.Errorf("the orphaned instance in %s is %v", m.Name, got)
		}
		w.must(nil, stayed.Delete(t.Context(), "orphan", metav1.DeleteOptions{})) // else it would keep the definition
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:null}}}`, fedv1beta1.AnnotationFederate)
	w.must(here.Resource(definitions).Patch(t.Context(), "rings.example.com", types.MergePatchType, patch, metav1.PatchOptions{}))
	for _, m := range all {
		in := dynamic.NewForConfigOrDie(m.Admin(t))
		w.eventually("the definition to leave "+m.Name, func() error {
			return gone(in.Resource(definitions).Get(t.Context(), "rings.example.com", metav1.GetOptions{}))
		})
	}
	w.eventually("the instance here to be let go", func() error {
		got, err := here.Resource(rings).Namespace("shop").Get(t.Context(), "one", metav1.GetOptions{})
		if err == nil && len(got.GetFinalizers()) > 0 {
			err = fmt.Errorf("finalizers are %v", got.GetFinalizers())
		}
		return err
	})
}

// orphanRing makes another ring, and orphans it when all members have it.
func (w *world) orphanRing(t *testing.T, rings dynamic.ResourceInterface, like *unstructured.Unstructured) {
	t.Helper()
	ring := like.DeepCopy()
	ring.SetName("orphan")
	w.must(rings.Create(t.Context(), ring, metav1.CreateOptions{}))
	w.eventually("the other instance in all members", func() error {
		got, err := rings.Get(t.Context(), "orphan", metav1.GetOptions{})
		if said := got.GetAnnotations()[fedv1beta1.AnnotationPropagation]; err == nil && !strings.HasPrefix(said, "synced 2/2") {
			err = fmt.Errorf("it is %q", said)
		}
		return err
	})
	w.must(nil, rings.Delete(t.Context(), "orphan", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationOrphan)}))
	w.eventually("the orphaned instance to be gone", func() error {
		got, err := rings.Get(t.Context(), "orphan", metav1.GetOptions{})
		if err == nil && slices.Contains(got.GetFinalizers(), metav1.FinalizerOrphanDependents) {
			// As the garbage collector does.
			got.SetFinalizers(slices.DeleteFunc(got.GetFinalizers(), func(f string) bool { return f == metav1.FinalizerOrphanDependents }))
			_, err = rings.Update(t.Context(), got, metav1.UpdateOptions{})
		}
		return gone(got, err)
	})
}
