//go:build integration

package admission_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/admission"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

var ring = kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rings.middle.earth}
spec:
  group: middle.earth
  scope: Namespaced
  names: {plural: rings, singular: ring, kind: Ring, listKind: RingList}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

func testCustomKinds(t *testing.T, f *federation) {
	t.Helper()
	made := f.create(t, object(t, definition))
	if times(made) != 0 {
		t.Errorf("a definition that is not marked has finalizers %v", made.GetFinalizers())
	}
	marked := f.patch(t, made, metadata(map[string]any{"labels": map[string]any{"federation.fedhelm.io/federate": "true"}}))
	if times(marked) != 1 {
		t.Errorf("marked later, it has finalizers %v", marked.GetFinalizers())
	}
	f.serves(t)
	if got := f.create(t, newRing("plain")); times(got) != 0 {
		t.Errorf("an object of a kind that is not recorded has finalizers %v", got.GetFinalizers())
	}
	f.create(t, object(t, fmt.Sprintf(`{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: kube-system}, data: {rings.middle.earth: federated}}`, admission.CustomKinds)))
	recorded := time.Now()
	eventually.Do(t, 30*time.Second, "objects to get the finalizer", func() error {
		o := newRing("")
		made, err := f.in(t, o).Create(t.Context(), o, metav1.CreateOptions{})
		if err != nil {
			return err // until the API server knows the schema; the controller does not record a kind that early
		}
		if times(made) != 1 {
			return errors.New("an object has no finalizer")
		}
		return nil
	})
	t.Logf("the record took effect within %s", time.Since(recorded))
	private := newRing("private")
	private.SetAnnotations(map[string]string{"federation.fedhelm.io/federate": "false"})
	if got := f.create(t, private); times(got) != 0 {
		t.Errorf("kept out, it has finalizers %v", got.GetFinalizers())
	}
	hidden := newRing("hidden")
	hidden.SetNamespace("kube-public")
	if got := f.create(t, hidden); times(got) != 0 {
		t.Errorf("in a namespace of the control plane it has finalizers %v", got.GetFinalizers())
	}
	f.patch(t, object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: `+admission.CustomKinds+`, namespace: kube-system}}`),
		map[string]any{"data": map[string]any{"rings.middle.earth": "leaving"}})
	eventually.Do(t, 30*time.Second, "objects to be left alone", func() error {
		if got := f.create(t, newRing("")); times(got) != 0 {
			return errors.New("an object has the finalizer")
		}
		return nil
	})
}

// serves returns when the API serves rings.
func (f *federation) serves(t *testing.T) {
	t.Helper()
	eventually.Do(t, 30*time.Second, "rings to be served", func() error {
		_, err := f.client.Resource(ring.GroupVersionResource()).List(t.Context(), metav1.ListOptions{})
		return err
	})
}

// newRing has a name that the server makes, unless one is given.
func newRing(name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(ring.GroupVersionKind())
	o.SetName(name)
	if name == "" {
		o.SetGenerateName("ring-")
	}
	return o
}
