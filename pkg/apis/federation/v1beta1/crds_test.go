package v1beta1

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

func TestCRDs(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	crds := CRDs()
	if len(crds) == 0 {
		t.Fatal("CRDs() is empty; run make generate")
	}
	for _, doc := range crds {
		var crd unstructured.Unstructured
		if err := yaml.Unmarshal(doc, &crd.Object); err != nil {
			t.Fatalf("CRD is not YAML: %v\n%s", err, doc)
		}
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		t.Run(kind, func(t *testing.T) {
			if got, want := crd.GetKind(), "CustomResourceDefinition"; got != want {
				t.Errorf("kind = %q, want %q", got, want)
			}
			if got, _, _ := unstructured.NestedString(crd.Object, "spec", "group"); got != GroupName {
				t.Errorf("group = %q, want %q", got, GroupName)
			}
			versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
			if len(versions) != 1 || versions[0].(map[string]any)["name"] != SchemeGroupVersion.Version {
				t.Errorf("versions = %v, want only %q", versions, SchemeGroupVersion.Version)
			}
			if !scheme.Recognizes(SchemeGroupVersion.WithKind(kind)) {
				t.Errorf("AddToScheme does not register %q, which has a CRD", kind)
			}
		})
	}
}

func TestCRDsReturnsCopies(t *testing.T) {
	CRDs()[0][0] = 'X'
	if got := CRDs()[0][0]; got == 'X' {
		t.Error("a caller that changes the result changes what the next caller gets")
	}
}
