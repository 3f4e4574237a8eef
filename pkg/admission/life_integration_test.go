//go:build integration

package admission_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func testLife(t *testing.T, f *federation) {
	t.Helper()
	t.Run("a replace that drops the finalizer does not", func(t *testing.T) {
		made := f.create(t, object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: replaced}}`))
		replaced := object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: replaced}, data: {new: content}}`)
		got, err := f.in(t, made).Update(t.Context(), replaced, metav1.UpdateOptions{})
		if err != nil || times(got) != 1 {
			t.Errorf("finalizers %v, %v", got.GetFinalizers(), err)
		}
	})
	t.Run("what leaves the federation can lose the finalizer, and gets it when it comes back", func(t *testing.T) {
		made := f.create(t, object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: leaving}}`))
		keepOut := func(value any) map[string]any { return map[string]any{fedv1beta1.AnnotationFederate: value} }
		if got := f.patch(t, made, metadata(map[string]any{"annotations": keepOut("false")})); times(got) != 1 {
			t.Errorf("with copies in members it has lost the finalizer: %v", got.GetFinalizers())
		}
		if got := f.patch(t, made, metadata(map[string]any{"finalizers": nil})); times(got) != 0 {
			t.Errorf("finalizers %v", got.GetFinalizers())
		}
		if got := f.patch(t, made, metadata(map[string]any{"annotations": keepOut(nil)})); times(got) != 1 {
			t.Errorf("back again, it has the finalizers %v", got.GetFinalizers())
		}
	})
	t.Run("what is being deleted can lose the finalizer", func(t *testing.T) {
		made := f.create(t, object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: deleted}}`))
		f.remove(t, made, metav1.DeletePropagationBackground)
		held := f.get(t, made)
		if held == nil || held.GetDeletionTimestamp() == nil || times(held) != 1 {
			t.Fatalf("it is not held: %v", held)
		}
		if held.GetAnnotations()[fedv1beta1.AnnotationOrphan] != "" {
			t.Errorf("a plain deletion is marked as one that leaves copies: %v", held.GetAnnotations())
		}
		f.patch(t, made, metadata(map[string]any{"finalizers": nil}))
		if got := f.get(t, made); got != nil {
			t.Errorf("it is still there, with finalizers %v", got.GetFinalizers())
		}
	})
}

// testRestart asks as soon as the API server says that it is ready.
func testRestart(t *testing.T, f *federation) {
	t.Helper()
	f.server.Restart()
	if made := f.create(t, object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: restarted}}`)); times(made) != 1 {
		t.Errorf("finalizers %v", made.GetFinalizers())
	}
}

// testOrphans takes the finalizer "orphan" off, as the garbage collector does.
func testOrphans(t *testing.T, f *federation) {
	t.Helper()
	tests := []struct {
		name, manifest string
		finalizers     []any // that the garbage collector leaves
		policy         metav1.DeletionPropagation
		want           string // the mark
	}{
		{
			name:     "copies stay where --cascade=orphan asked for it",
			manifest: `{apiVersion: v1, kind: ConfigMap, metadata: {name: orphan}}`,
			policy:   metav1.DeletePropagationOrphan, finalizers: []any{fedv1beta1.FinalizerPropagation}, want: "true",
		},
		{
			name:     "annotations that are there stay beside the mark",
			manifest: `{apiVersion: v1, kind: ConfigMap, metadata: {name: orphan-annotated, annotations: {a: b}}}`,
			policy:   metav1.DeletePropagationOrphan, finalizers: []any{fedv1beta1.FinalizerPropagation}, want: "true",
		},
		{
			name:     "a Deployment",
			manifest: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: orphan}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}`,
			policy:   metav1.DeletePropagationOrphan, finalizers: []any{fedv1beta1.FinalizerPropagation}, want: "true",
		},
		{
			name:     "a foreground deletion takes copies along",
			manifest: `{apiVersion: v1, kind: ConfigMap, metadata: {name: foreground}}`,
			policy:   metav1.DeletePropagationForeground, finalizers: []any{fedv1beta1.FinalizerPropagation}, want: "",
		},
		{
			name:     "what the federation does not hold on to is not marked",
			manifest: `{apiVersion: v1, kind: ConfigMap, metadata: {name: private-orphan, finalizers: [example.com/mine], annotations: {federation.fedhelm.io/federate: "false"}}}`,
			policy:   metav1.DeletePropagationOrphan, finalizers: []any{"example.com/mine"}, want: "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			made := f.create(t, object(t, tt.manifest))
			f.remove(t, made, tt.policy)
			if got := f.get(t, made); len(got.GetFinalizers()) != 2 {
				t.Fatalf("finalizers %v", got.GetFinalizers())
			}
			got := f.patch(t, made, metadata(map[string]any{"finalizers": tt.finalizers}))
			if mark := got.GetAnnotations()[fedv1beta1.AnnotationOrphan]; mark != tt.want {
				t.Errorf("the mark is %q, want %q", mark, tt.want)
			}
			if had := made.GetAnnotations()["a"]; got.GetAnnotations()["a"] != had {
				t.Errorf("annotations are %v", got.GetAnnotations())
			}
			f.patch(t, made, metadata(map[string]any{"finalizers": nil}))
		})
	}
}

func (f *federation) remove(t *testing.T, o *unstructured.Unstructured, policy metav1.DeletionPropagation) {
	t.Helper()
	if err := f.in(t, o).Delete(t.Context(), o.GetName(), metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
		t.Fatal(err)
	}
}
