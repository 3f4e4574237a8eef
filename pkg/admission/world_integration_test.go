//go:build integration

package admission_test

import (
	"encoding/json"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// in is where objects of a kind are, in namespace default unless the object is in another.
func (f *federation) in(t *testing.T, o *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	for _, k := range append(kinds.Default(), kinds.Definitions(), ring) {
		if k.GroupVersionKind() != o.GroupVersionKind() {
			continue
		}
		resource := f.client.Resource(k.GroupVersionResource())
		if !k.Namespaced {
			return resource
		}
		if o.GetNamespace() == "" {
			return resource.Namespace(metav1.NamespaceDefault)
		}
		return resource.Namespace(o.GetNamespace())
	}
	t.Fatalf("no kind for a %s", o.GroupVersionKind())
	return nil
}

func (f *federation) create(t *testing.T, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	made, err := f.in(t, o).Create(t.Context(), o, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (f *federation) patch(t *testing.T, o *unstructured.Unstructured, patch any) *unstructured.Unstructured {
	t.Helper()
	body, err := json.Marshal(patch)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := f.in(t, o).Patch(t.Context(), o.GetName(), types.MergePatchType, body, metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return patched
}

// get returns nil if there is no such object.
func (f *federation) get(t *testing.T, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	found, err := f.in(t, o).List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + o.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Items) == 0 {
		return nil
	}
	return &found.Items[0]
}

// times is how many times an object carries the federation's finalizer.
func times(o *unstructured.Unstructured) int {
	return len(slices.DeleteFunc(o.GetFinalizers(), func(f string) bool { return f != fedv1beta1.FinalizerPropagation }))
}

// object reads a manifest.
func object(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

func metadata(fields map[string]any) map[string]any { return map[string]any{"metadata": fields} }
