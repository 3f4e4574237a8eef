//go:build integration

package state_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

const pods = `
selector: {matchLabels: {app: web}}
template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}
`

// step is what members have, and what the object must say then: some fields of its status, by name.
type step struct {
	parts []state.Part
	want  string
}

// TestIntegrationAPIServersTakeEachStatus sees that a real API server accepts what is written for each kind, at each step on the way.
func TestIntegrationAPIServersTakeEachStatus(t *testing.T) {
	f := startFederation(t)
	part := func(completions int32) shape.Share {
		return shape.Share{Parallelism: new(int32(1)), Completions: &completions}
	}
	bounds := func(n int32) shape.Share { return shape.Share{MinReplicas: new(int32(1)), MaxReplicas: &n} }
	tests := []struct {
		kind   kinds.ID
		object string
		steps  []step
	}{
		{
			kind: "deployments.apps", object: "metadata: {name: web}\nspec: {replicas: 3, " + inline(pods) + "}",
			steps: []step{
				{[]state.Part{in("gondor", "Pending", "")}, `{"replicas":null,"observedGeneration":null}`},
				{[]state.Part{
					copyWith("gondor", `{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":1,"unavailableReplicas":1}`, replicas(2)),
					copyWith("rohan", `{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"unavailableReplicas":1}`, replicas(1)),
				}, `{"replicas":3,"readyReplicas":2,"availableReplicas":1,"unavailableReplicas":2,"observedGeneration":1}`},
				{[]state.Part{
					copyWith("gondor", `{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2}`, replicas(2)),
					copyWith("rohan", `{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}`, replicas(1)),
				}, `{"replicas":3,"readyReplicas":3,"availableReplicas":3,"unavailableReplicas":null}`},
			},
		},
		{
			kind: "replicasets.apps", object: "metadata: {name: web}\nspec: {replicas: 2, " + inline(pods) + "}",
			steps: []step{{[]state.Part{
				copyWith("gondor", `{"observedGeneration":1,"replicas":2,"fullyLabeledReplicas":2,"readyReplicas":1,"availableReplicas":1,
					"conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":"no quota"}]}`, replicas(2)),
			}, `{"replicas":2,"readyReplicas":1,"availableReplicas":1,"fullyLabeledReplicas":2,"observedGeneration":1}`}},
		},
		{
			kind: "statefulsets.apps", object: "metadata: {name: db}\nspec: {replicas: 2, serviceName: db, " + inline(pods) + "}",
			steps: []step{{[]state.Part{
				copyWith("gondor", `{"observedGeneration":1,"replicas":1,"readyReplicas":1,"currentReplicas":1,"updatedReplicas":1,"availableReplicas":1,"currentRevision":"db-1","updateRevision":"db-1"}`, replicas(1)),
				copyWith("rohan", `{"observedGeneration":1,"replicas":1,"availableReplicas":0,"currentReplicas":1,"updatedReplicas":1,"currentRevision":"db-1","updateRevision":"db-1"}`, replicas(1)),
			}, `{"replicas":2,"readyReplicas":1,"currentRevision":"db-1","updateRevision":"db-1","observedGeneration":1}`}},
		},
		{
			kind: "daemonsets.apps", object: "metadata: {name: agent}\nspec: {" + inline(pods) + "}",
			steps: []step{{[]state.Part{
				copyWith("gondor", `{"observedGeneration":1,"currentNumberScheduled":2,"desiredNumberScheduled":2,"numberMisscheduled":0,"numberReady":2,"updatedNumberScheduled":2,"numberAvailable":2}`, shape.Share{}),
				copyWith("rohan", `{"observedGeneration":1,"currentNumberScheduled":1,"desiredNumberScheduled":2,"numberMisscheduled":1,"numberReady":0,"numberUnavailable":2}`, shape.Share{}),
			}, `{"desiredNumberScheduled":4,"currentNumberScheduled":3,"numberReady":2,"numberUnavailable":2,"observedGeneration":1}`}},
		},
		{
			kind: "jobs.batch", object: "metadata: {name: sums}\nspec: {completions: 4, parallelism: 2, " + inline(jobPods) + "}",
			steps: []step{
				{[]state.Part{
					copyWith("gondor", `{"startTime":"2026-01-01T10:00:00Z","active":1,"ready":1,"terminating":0,"uncountedTerminatedPods":{}}`, part(2)),
					copyWith("rohan", `{"startTime":"2026-01-01T09:00:00Z","active":1,"ready":0,"succeeded":1,"failed":1}`, part(2)),
				}, `{"active":2,"ready":1,"succeeded":1,"failed":1,"startTime":"2026-01-01T09:00:00Z"}`},
				{[]state.Part{copyWith("gondor", complete, part(2)), copyWith("rohan", `{"startTime":"2026-01-01T08:00:00Z","active":1,"ready":1}`, part(2))},
					`{"active":1,"succeeded":2,"failed":1,"completionTime":null,"startTime":"2026-01-01T09:00:00Z"}`},
				{[]state.Part{copyWith("gondor", complete, part(2)), copyWith("rohan", complete, part(2))},
					`{"active":null,"succeeded":4,"completionTime":"2026-01-01T11:00:00Z"}`},
				{[]state.Part{copyWith("gondor", complete, part(2))}, `{"succeeded":4,"completionTime":"2026-01-01T11:00:00Z"}`},
			},
		},
		{
			kind: "jobs.batch", object: "metadata: {name: fails}\nspec: {completions: 4, parallelism: 2, " + inline(jobPods) + "}",
			steps: []step{
				{[]state.Part{
					copyWith("gondor", `{"startTime":"2026-01-01T10:00:00Z","active":2,"ready":2,"terminating":1}`, part(2)),
					copyWith("rohan", `{"startTime":"2026-01-01T09:00:00Z","failed":7,"conditions":[
						{"type":"FailureTarget","status":"True","reason":"BackoffLimitExceeded","message":"too often"},
						{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"too often"}]}`, part(2)),
				}, `{"active":null,"ready":0,"terminating":0,"failed":7,"completionTime":null}`},
			},
		},
		{
			kind: "jobs.batch", object: "metadata: {name: later}\nspec: {suspend: true, completions: 2, " + inline(jobPods) + "}",
			steps: []step{
				{[]state.Part{copyWith("gondor", `{"ready":0,"conditions":[{"type":"Suspended","status":"True"}]}`, part(2))}, `{"startTime":null}`},
				{[]state.Part{copyWith("gondor", `{"startTime":"2026-01-01T10:00:00Z","active":1,"ready":1,"conditions":[{"type":"Suspended","status":"False"}]}`, part(2))},
					`{"active":1,"startTime":"2026-01-01T10:00:00Z"}`},
			},
		},
		{
			kind: "cronjobs.batch", object: "metadata: {name: nightly}\nspec: {schedule: '0 3 * * *', jobTemplate: {spec: {" + inline(jobPods) + "}}}",
			steps: []step{{[]state.Part{
				copyWith("gondor", `{"lastScheduleTime":"2026-01-01T03:00:00Z","active":[{"apiVersion":"batch/v1","kind":"Job","name":"nightly-1","namespace":"default","uid":"x"}]}`, shape.Share{}),
				copyWith("rohan", `{"lastScheduleTime":"2026-01-02T03:00:00Z","lastSuccessfulTime":"2026-01-01T03:01:00Z"}`, shape.Share{}),
			}, `{"lastScheduleTime":"2026-01-02T03:00:00Z","lastSuccessfulTime":"2026-01-01T03:01:00Z"}`}},
		},
		{
			kind: "horizontalpodautoscalers.autoscaling",
			object: `{metadata: {name: web}, spec: {minReplicas: 2, maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web},
				metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}}`,
			steps: []step{{[]state.Part{
				copyWith("gondor", `{"observedGeneration":1,"currentReplicas":3,"desiredReplicas":4,"lastScaleTime":"2026-01-01T03:00:00Z",
					"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":90,"averageValue":"450m"}}}],
					"conditions":[{"type":"AbleToScale","status":"True","reason":"ReadyForNewScale"},{"type":"ScalingActive","status":"True","reason":"ValidMetricFound"}]}`, bounds(5)),
				copyWith("rohan", `{"observedGeneration":1,"currentReplicas":1,"desiredReplicas":1,
					"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":10,"averageValue":"50m"}}}]}`, bounds(5)),
			}, `{"currentReplicas":4,"desiredReplicas":5,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":70,"averageValue":"350m"}}}]}`}},
		},
		{
			kind: "services", object: `{metadata: {name: web}, spec: {type: LoadBalancer, ports: [{port: 80}]}}`,
			steps: []step{
				{[]state.Part{
					copyWith("gondor", `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ipMode":"VIP"}]}}`, shape.Share{}),
					copyWith("rohan", `{"loadBalancer":{"ingress":[{"hostname":"lb.example.com"},{"ip":"192.0.2.1","ipMode":"VIP"}]}}`, shape.Share{}),
				}, `{"loadBalancer":{"ingress":[{"hostname":"lb.example.com"},{"ip":"192.0.2.1","ipMode":"VIP"},{"ip":"192.0.2.2","ipMode":"VIP"}]}}`},
				{[]state.Part{copyWith("gondor", `{"loadBalancer":{}}`, shape.Share{})}, `{"loadBalancer":{}}`},
			},
		},
		{
			kind: "ingresses.networking.k8s.io", object: `{metadata: {name: web}, spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}`,
			steps: []step{{[]state.Part{copyWith("gondor", `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2"}]}}`, shape.Share{})},
				`{"loadBalancer":{"ingress":[{"ip":"192.0.2.2"}]}}`}},
		},
		{
			kind: "poddisruptionbudgets.policy", object: `{metadata: {name: web}, spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}}`,
			steps: []step{
				{[]state.Part{copyWith("gondor", `{"observedGeneration":1,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1,"disruptionsAllowed":0}`, shape.Share{})},
					`{"currentHealthy":1,"disruptionsAllowed":0,"observedGeneration":1}`},
				{[]state.Part{
					copyWith("gondor", `{"observedGeneration":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2,"disruptionsAllowed":1}`, shape.Share{}),
					copyWith("rohan", `{"observedGeneration":1,"currentHealthy":3,"desiredHealthy":1,"expectedPods":3,"disruptionsAllowed":2,"disruptedPods":{"p":"2026-01-01T03:00:00Z"}}`, shape.Share{}),
				}, `{"currentHealthy":5,"desiredHealthy":2,"expectedPods":5,"disruptionsAllowed":3}`},
			},
		},
		{kind: "configmaps", object: "metadata: {name: settings}", steps: []step{{[]state.Part{in("gondor", "Conflict", "taken"), synced("rohan")}, `{}`}}},
		{kind: "namespaces", object: "metadata: {name: shop}", steps: []step{{[]state.Part{in("gondor", "Used", ""), synced("rohan")}, `{"phase":"Active"}`}}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			key := f.make(t, kindOf(tt.kind), tt.object)
			for i, step := range tt.steps {
				f.members(key, step.parts...)
				o := f.get(t, key)
				if o.GetAnnotations()[fedv1beta1.AnnotationPropagation] == "" {
					t.Errorf("step %d: nothing is said of propagation", i)
				}
				var want map[string]any
				if err := json.Unmarshal([]byte(step.want), &want); err != nil {
					t.Fatal(err)
				}
				raw, err := json.Marshal(o.Object["status"])
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]any{}
				if err := json.Unmarshal(raw, &got); err != nil {
					t.Fatal(err)
				}
				for field := range want {
					if diff := cmp.Diff(want[field], got[field]); diff != "" {
						t.Errorf("step %d: %s (-want +got):\n%s\nof %s", i, field, diff, raw)
					}
				}
			}
		})
	}
}

const jobPods = `
template: {spec: {restartPolicy: Never, containers: [{name: sum, image: sum}]}}
`

const complete = `{"startTime":"2026-01-01T10:00:00Z","completionTime":"2026-01-01T11:00:00Z","succeeded":2,"ready":0,"terminating":0,"uncountedTerminatedPods":{},
	"conditions":[{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}]}`

// inline makes a block of YAML part of a flow.
func inline(block string) string {
	return strings.Join(strings.Split(strings.TrimSpace(block), "\n"), ", ")
}
