//go:build integration

package shape_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// What New makes of an object of each kind is accepted by a member of the federation's own version, field by field, and says the same
// twice: the second time nothing is written.
func TestIntegrationCopiesAreAppliedOnce(t *testing.T) {
	client, err := dynamic.NewForConfig(apiserver.Start(t).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	all := sources(t)
	slices.SortStableFunc(all, func(a, b source) int { return cmp.Compare(place(a), place(b)) })
	for _, s := range all {
		t.Run(s.kind.Kind+" "+s.object.GetName(), func(t *testing.T) {
			template, err := shape.New(s.kind, s.object, marks)
			if err != nil {
				t.Fatal(err)
			}
			share := shape.ShareOf(s.kind, s.object)
			var made *unstructured.Unstructured
			eventually.Do(t, 30*time.Second, "the kind to be served", func() error {
				made, err = send(t, client, s, template.Body(share, shape.Precondition{}))
				if err != nil && !apierrors.IsNotFound(err) {
					t.Fatalf("make it: %v", err)
				}
				return err
			})
			if s.kind.Resource == "customresourcedefinitions" { // which the server itself follows up
				made = established(t, client, s)
			}
			if _, err := send(t, client, s, template.Body(share, shape.Precondition{})); !apierrors.IsConflict(err) {
				t.Errorf("making what is there already: %v, want a conflict", err)
			}
			again, err := send(t, client, s, template.Body(share, shape.Precondition{UID: made.GetUID()}))
			if err != nil {
				t.Fatalf("apply it again: %v", err)
			}
			if made.GetResourceVersion() != again.GetResourceVersion() {
				t.Errorf("it was written again: %s, then %s", made.GetResourceVersion(), again.GetResourceVersion())
			}
			if _, err := send(t, client, s, template.Body(share, shape.Precondition{UID: "another"})); !apierrors.IsConflict(err) && !apierrors.IsInvalid(err) {
				t.Errorf("applying to another object: %v, want a refusal", err)
			}
			if got := managers(again); !slices.Equal(got, []string{"fedhelm-propagation"}) {
				t.Errorf("it is managed by %q", got)
			}
			if s.kind.Resource == "deployments" {
				scaled, err := send(t, client, s, template.Body(shape.Share{Replicas: ptr.To[int32](0)}, shape.Precondition{UID: made.GetUID()}))
				if err != nil {
					t.Fatalf("apply another share: %v", err)
				}
				if got := shape.ShareOf(s.kind, scaled); *got.Replicas != 0 {
					t.Errorf("it has %d replicas", *got.Replicas)
				}
			}
		})
	}
}

// A CustomResourceDefinition may say that the spec is a list, a text, or anything: members take what such objects are.
func TestIntegrationSpecsThatAreNoObjects(t *testing.T) {
	client, err := dynamic.NewForConfig(apiserver.Start(t).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	definition := object(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rings.middle.earth, uid: u}
spec:
  group: middle.earth
  names: {kind: Ring, plural: rings, singular: ring, listKind: RingList}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {x-kubernetes-preserve-unknown-fields: true}}}}}
`)
	all := []source{
		{kind: kindOf(t, "namespaces"), object: object(t, `{metadata: {name: shire, uid: u}}`)},
		{kind: kindOf(t, "customresourcedefinitions"), object: definition},
	}
	for name, spec := range map[string]string{"a-list": "[{a: b}, 1]", "a-text": "forge", "a-number": "5"} {
		all = append(all, source{kind: kindOf(t, "rings"), object: object(t, `{metadata: {name: `+name+`, namespace: shire, uid: u}, spec: `+spec+`}`)})
	}
	for _, s := range all {
		template, err := shape.New(s.kind, s.object, marks)
		if err != nil {
			t.Fatal(err)
		}
		eventually.Do(t, 30*time.Second, s.object.GetName()+" to be there", func() error {
			made, err := send(t, client, s, template.Body(shape.Share{}, shape.Precondition{}))
			if err == nil && s.kind.Resource == "rings" && !reflect.DeepEqual(made.Object["spec"], s.object.Object["spec"]) {
				t.Errorf("the spec is %v, want %v", made.Object["spec"], s.object.Object["spec"])
			}
			return err
		})
	}
}

// A member counts for itself how often a DaemonSet's template has changed. A copy of which an earlier version has applied the number keeps
// the member's, without an owner, and is written once for it.
func TestIntegrationTheMemberCountsTemplates(t *testing.T) {
	client, err := dynamic.NewForConfig(apiserver.Start(t).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	all := sources(t)
	s := all[slices.IndexFunc(all, func(s source) bool { return s.kind.Resource == "daemonsets" })]
	bodyOf := func(uid types.UID) []byte {
		template, err := shape.New(s.kind, s.object, marks)
		if err != nil {
			t.Fatal(err)
		}
		return template.Body(shape.Share{}, shape.Precondition{UID: uid})
	}
	must := func(o *unstructured.Unstructured, err error) *unstructured.Unstructured {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	shapes := source{kind: kindOf(t, "namespaces"), object: object(t, `{metadata: {name: shapes, uid: u}}`)}
	must(send(t, client, shapes, body(t, shapes.kind, shapes.object, shape.Share{})))

	earlier := &unstructured.Unstructured{}
	if err := earlier.UnmarshalJSON(bodyOf("")); err != nil {
		t.Fatal(err)
	}
	annotations := earlier.GetAnnotations()
	annotations[appsv1.DeprecatedTemplateGeneration] = "7"
	earlier.SetAnnotations(annotations)
	data, err := earlier.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	made := must(send(t, client, s, data))
	if !counted(made) {
		t.Error("the earlier version does not own the number: this shows nothing")
	}
	number := made.GetAnnotations()[appsv1.DeprecatedTemplateGeneration]
	holds := func(want string) {
		t.Helper()
		now := must(send(t, client, s, bodyOf(made.GetUID())))
		again := must(send(t, client, s, bodyOf(made.GetUID())))
		if now.GetResourceVersion() != again.GetResourceVersion() {
			t.Error("it is written again and again")
		}
		if got := again.GetAnnotations()[appsv1.DeprecatedTemplateGeneration]; got != want || counted(again) {
			t.Errorf("the number is %q, want %q; it is ours: %t", got, want, counted(again))
		}
	}
	holds(number)
	if err := unstructured.SetNestedField(s.object.Object, int64(60), "spec", "template", "spec", "terminationGracePeriodSeconds"); err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	holds(strconv.Itoa(n + 1))
}

// counted tells whether somebody owns the number of a DaemonSet's template.
func counted(o *unstructured.Unstructured) bool {
	return slices.ContainsFunc(o.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return strings.Contains(e.FieldsV1.GetRawString(), appsv1.DeprecatedTemplateGeneration)
	})
}

// place puts first what must be there before the rest.
func place(s source) int {
	switch s.kind.Resource {
	case "namespaces", "customresourcedefinitions":
		return 0
	default:
		return 1
	}
}

// send applies as the federation does, and lets the server refuse fields that it does not know.
func send(t *testing.T, client dynamic.Interface, s source, body []byte) (*unstructured.Unstructured, error) {
	t.Helper()
	o, err := client.Resource(s.kind.GroupVersionResource()).Namespace(s.object.GetNamespace()).Patch(t.Context(), s.object.GetName(), types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: "fedhelm-propagation", Force: ptr.To(true), FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	return o, nil
}

func established(t *testing.T, client dynamic.Interface, s source) *unstructured.Unstructured {
	t.Helper()
	var o *unstructured.Unstructured
	eventually.Do(t, 30*time.Second, "the kind to be established", func() (err error) {
		if o, err = client.Resource(s.kind.GroupVersionResource()).Get(t.Context(), s.object.GetName(), metav1.GetOptions{}); err != nil {
			return err
		}
		conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
		for _, condition := range conditions {
			if c, _ := condition.(map[string]any); c["type"] == "Established" && c["status"] == "True" {
				return nil
			}
		}
		return fmt.Errorf("its conditions are %v", conditions)
	})
	return o
}

// managers are those of fields other than the status.
func managers(o *unstructured.Unstructured) []string {
	var names []string
	for _, entry := range o.GetManagedFields() {
		if entry.Subresource == "" && !slices.Contains(names, entry.Manager) {
			names = append(names, entry.Manager)
		}
	}
	return names
}
