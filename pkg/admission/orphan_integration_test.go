//go:build integration

package admission_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// testEmptyFirst deletes what holds objects.
func testEmptyFirst(t *testing.T, f *federation) {
	t.Helper()
	policy := func(p metav1.DeletionPropagation) metav1.DeleteOptions {
		return metav1.DeleteOptions{PropagationPolicy: &p}
	}
	const bows = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: bows.middle.earth, labels: {federation.fedhelm.io/federate: "%"}},
		spec: {group: middle.earth, scope: Namespaced, names: {plural: bows, singular: bow, kind: Bow, listKind: BowList},
		versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}`
	tests := []struct {
		name, manifest string
		options        metav1.DeleteOptions
		refused        string // part of the message; "" for what is deleted
	}{
		{
			"a namespace is not orphaned with what is in it", `{apiVersion: v1, kind: Namespace, metadata: {name: lorien}}`,
			policy(metav1.DeletePropagationOrphan), "kubectl delete KINDS --all --cascade=orphan --namespace=lorien;",
		},
		{
			"nor in the words of old clients", `{apiVersion: v1, kind: Namespace, metadata: {name: mirkwood}}`,
			metav1.DeleteOptions{OrphanDependents: ptr.To(true)}, "--namespace=mirkwood;", //nolint:staticcheck // old clients say so
		},
		{
			"nor is one that is kept out, whose content is not", `{apiVersion: v1, kind: Namespace, metadata: {name: fangorn, annotations: {federation.fedhelm.io/federate: "false"}}}`,
			policy(metav1.DeletePropagationOrphan), "--namespace=fangorn;",
		},
		{
			"a namespace of a control plane holds nothing that is federated", `{apiVersion: v1, kind: Namespace, metadata: {name: kube-mordor}}`,
			policy(metav1.DeletePropagationOrphan), "",
		},
		{
			"a namespace is deleted in the background", `{apiVersion: v1, kind: Namespace, metadata: {name: isengard}}`,
			policy(metav1.DeletePropagationBackground), "",
		},
		{
			"a namespace is deleted by who does not say how", `{apiVersion: v1, kind: Namespace, metadata: {name: moria}}`,
			metav1.DeleteOptions{}, "",
		},
		{
			"and by who says that nothing is to be orphaned", `{apiVersion: v1, kind: Namespace, metadata: {name: bree}}`,
			metav1.DeleteOptions{OrphanDependents: ptr.To(false)}, "", //nolint:staticcheck // as above
		},
		{
			"a federated definition is not orphaned with its objects", strings.ReplaceAll(bows, "%", "true"),
			policy(metav1.DeletePropagationOrphan), "kubectl delete bows.middle.earth --all --all-namespaces --cascade=orphan;",
		},
		{
			"one that is not federated is none of our business", strings.NewReplacer("%", "false", "bows", "axes").Replace(bows),
			policy(metav1.DeletePropagationOrphan), "",
		},
	}
	probe := f.create(t, object(t, `{apiVersion: v1, kind: Namespace, metadata: {name: probe}}`))
	eventually.Do(t, 30*time.Second, "the policy to take effect", func() error {
		dry := policy(metav1.DeletePropagationOrphan)
		dry.DryRun = []string{metav1.DryRunAll}
		if err := f.in(t, probe).Delete(t.Context(), probe.GetName(), dry); err == nil {
			return errors.New("nothing is refused")
		}
		return nil
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			made := f.create(t, object(t, tt.manifest))
			err := f.in(t, made).Delete(t.Context(), made.GetName(), tt.options)
			if tt.refused == "" {
				if got := f.get(t, made); err != nil || got != nil && got.GetDeletionTimestamp() == nil {
					t.Errorf("Delete = %v, and it is %v", err, got)
				}
				return
			}
			if !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("Delete = %v, want a refusal with %q", err, tt.refused)
			}
			if got := f.get(t, made); got == nil || got.GetDeletionTimestamp() != nil {
				t.Errorf("it is %v", got)
			}
		})
	}
}
