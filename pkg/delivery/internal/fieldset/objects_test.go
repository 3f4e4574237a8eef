package fieldset_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// objects are those of testdata, in the order in which they can be made.
func objects(tb testing.TB) []*unstructured.Unstructured {
	tb.Helper()
	raw, err := os.ReadFile("testdata/objects.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	var all []*unstructured.Unstructured
	for _, document := range bytes.Split(raw, []byte("\n---\n")) {
		o := &unstructured.Unstructured{}
		text, err := yaml.YAMLToJSON(document)
		if err == nil {
			err = o.UnmarshalJSON(text)
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// kindOf returns the kind of an object of testdata.
func kindOf(tb testing.TB, o *unstructured.Unstructured) kinds.Kind {
	tb.Helper()
	all := append(kinds.Default(),
		kinds.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"},
		kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true})
	i := slices.IndexFunc(all, func(k kinds.Kind) bool { return k.GroupVersionKind() == o.GroupVersionKind() })
	if i < 0 {
		tb.Fatalf("%s is not federated", o.GroupVersionKind())
	}
	return all[i]
}

// Every kind that is federated by default is in testdata.
func TestObjectsAreOfAllKinds(t *testing.T) {
	for _, k := range kinds.Default() {
		if !slices.ContainsFunc(objects(t), func(o *unstructured.Unstructured) bool { return kindOf(t, o).ID() == k.ID() }) {
			t.Errorf("there is no %s", k.Kind)
		}
	}
}
