package shape_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/shape"
)

func TestShareOf(t *testing.T) {
	tests := []struct {
		name, kind, spec string
		want             shape.Share
	}{
		{"replicas as the object says", "deployments", `{replicas: 7}`, shape.Share{Replicas: ptr.To[int32](7)}},
		{"no replicas at all are a number, too", "statefulsets", `{replicas: 0}`, shape.Share{Replicas: ptr.To[int32](0)}},
		{"1 replica if the object does not say", "replicasets", `{}`, shape.Share{Replicas: ptr.To[int32](1)}},
		{"a Job as it says", "jobs", `{parallelism: 4, completions: 10}`, shape.Share{Parallelism: ptr.To[int32](4), Completions: ptr.To[int32](10)}},
		{"a Job whose completions nobody counts", "jobs", `{}`, shape.Share{Parallelism: ptr.To[int32](1)}},
		{"bounds as the autoscaler says", "horizontalpodautoscalers", `{minReplicas: 2, maxReplicas: 20}`,
			shape.Share{MinReplicas: ptr.To[int32](2), MaxReplicas: ptr.To[int32](20)}},
		{"at least 1 if the autoscaler does not say", "horizontalpodautoscalers", `{maxReplicas: 20}`,
			shape.Share{MinReplicas: ptr.To[int32](1), MaxReplicas: ptr.To[int32](20)}},
		{"nothing of what is not divided", "daemonsets", `{replicas: 7}`, shape.Share{}},
		{"nothing that is no number of replicas", "deployments", `{replicas: 4294967297}`, shape.Share{Replicas: ptr.To[int32](1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := shape.ShareOf(kindOf(t, tt.kind), object(t, `{spec: `+tt.spec+`}`))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ShareOf (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBody(t *testing.T) {
	tests := []struct {
		name, kind, spec string
		share            shape.Share
		want             string // the spec
	}{
		{"an empty share applies nothing of it", "deployments", `{replicas: 7, paused: true}`, shape.Share{}, `{paused: true}`},
		{"a share takes the place of the whole", "deployments", `{replicas: 7, paused: true}`, shape.Share{Replicas: ptr.To[int32](0)}, `{paused: true, replicas: 0}`},
		{"a share may be all there is", "deployments", `{replicas: 7}`, shape.Share{Replicas: ptr.To[int32](2)}, `{replicas: 2}`},
		{"nothing may be all there is", "deployments", `{replicas: 7}`, shape.Share{}, `{}`},
		{"any part of a share is enough", "jobs", `{parallelism: 1}`, shape.Share{Completions: ptr.To[int32](2)}, `{completions: 2}`},
		{"both parts of a share", "jobs", `{suspend: true}`, shape.Share{Parallelism: ptr.To[int32](3), Completions: ptr.To[int32](2)},
			`{suspend: true, parallelism: 3, completions: 2}`},
		{"fields that the kind does not divide are not applied", "horizontalpodautoscalers", `{}`,
			shape.Share{MinReplicas: ptr.To[int32](1), MaxReplicas: ptr.To[int32](2147483647), Replicas: ptr.To[int32](5)}, `{minReplicas: 1, maxReplicas: 2147483647}`},
		{"kinds that are not divided have no share", "daemonsets", `{minReadySeconds: 1}`, shape.Share{Replicas: ptr.To[int32](5)}, `{minReadySeconds: 1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := object(t, `{metadata: {name: a, namespace: shire, uid: u}, spec: `+tt.spec+`}`)
			got := content(t, body(t, kindOf(t, tt.kind), source, tt.share))
			if diff := cmp.Diff(object(t, `{spec: `+tt.want+`}`).Object, got.Object); diff != "" {
				t.Errorf("what a member gets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPreconditions(t *testing.T) {
	source := object(t, `{metadata: {name: a, namespace: shire, uid: u}}`)
	template, err := shape.New(kindOf(t, "configmaps"), source, marks)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name                 string
		precondition         shape.Precondition
		uid, resourceVersion string
	}{
		{"what is not there has a resourceVersion that no object has", shape.Precondition{}, "", "1"},
		{"what is there has its UID", shape.Precondition{UID: `a"b`}, `a"b`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := object(t, string(template.Body(shape.Share{}, tt.precondition)))
			if got := string(o.GetUID()); got != tt.uid {
				t.Errorf("the UID is %q, want %q", got, tt.uid)
			}
			if got := o.GetResourceVersion(); got != tt.resourceVersion {
				t.Errorf("the resourceVersion is %q, want %q", got, tt.resourceVersion)
			}
			if got, want := o.GetAnnotations()["federation.fedhelm.io/hash"], template.Hash(shape.Share{}); got != want {
				t.Errorf("the hash is %q, want %q", got, want)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	tests := []struct {
		name   string
		source string
		want   shape.Target
	}{
		{"a kind of a group", `{spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}`, shape.Target{Group: "apps", Kind: "Deployment", Name: "web"}},
		{"a kind of the core group", `{spec: {scaleTargetRef: {apiVersion: v1, kind: ReplicationController, name: web}}}`, shape.Target{Kind: "ReplicationController", Name: "web"}},
		{"nothing", `{spec: {}}`, shape.Target{}},
	}
	for _, tt := range tests {
		t.Run("an autoscaler scales "+tt.name, func(t *testing.T) {
			if got := shape.ScaleTarget(object(t, tt.source)); got != tt.want {
				t.Errorf("ScaleTarget = %v, want %v", got, tt.want)
			}
		})
	}
	for mode, want := range map[string]bool{"Indexed": true, "NonIndexed": false} {
		if got := shape.Indexed(object(t, `{spec: {completionMode: `+mode+`}}`)); got != want {
			t.Errorf("Indexed of %s = %t", mode, got)
		}
	}
}
