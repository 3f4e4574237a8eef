//go:build integration

package state_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func container() corev1.Container { return corev1.Container{Name: "web", Image: "web"} }

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]ss.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: %[1]ss, singular: %[1]s, kind: %[2]s}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {%[3]s}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

// TestIntegrationCustomKindsAreTold sees that instances of CRDs get their annotations, whether they have a subresource for their status or not,
// and that what their own controllers write stays.
func TestIntegrationCustomKindsAreTold(t *testing.T) {
	f := startFederation(t)
	crds := kinds.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"}
	for singular, subresources := range map[string]string{"plain": "", "split": "status: {}"} {
		t.Run(singular, func(t *testing.T) {
			k := kinds.Kind{Group: "example.com", Version: "v1", Resource: singular + "s", Kind: "K" + singular, Namespaced: true}
			crd := &unstructured.Unstructured{}
			if err := yaml.Unmarshal(fmt.Appendf(nil, definition, singular, k.Kind, subresources), &crd.Object); err != nil {
				t.Fatal(err)
			}
			if _, err := f.in(crds, "").Create(t.Context(), crd, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			eventually.Do(t, 20*time.Second, "the kind to be served", func() error {
				_, err := f.in(k, "default").List(t.Context(), metav1.ListOptions{})
				return err
			})
			key := f.make(t, k, "{metadata: {name: one}, spec: {size: 1}, status: {theirs: 1}}")
			f.members(key, synced("gondor"), in("rohan", "Rejected", "no"))
			o := f.get(t, key)
			if got := o.GetAnnotations()[fedv1beta1.AnnotationPropagation]; got != "synced 1/2; rohan: Rejected: no" {
				t.Errorf("it says %q", got)
			}
			if theirs, _, _ := unstructured.NestedInt64(o.Object, "status", "theirs"); singular == "plain" && theirs != 1 || o.GetGeneration() != 1 {
				t.Errorf("it has become %v", o.Object)
			}
		})
	}
}
