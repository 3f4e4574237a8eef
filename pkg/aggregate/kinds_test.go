package aggregate_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

var whole shape.Share

// TestStatus has what is written into an object without a status, or changed in one that has.
func TestStatus(t *testing.T) {
	tests := []struct {
		name  string
		kind  kinds.ID
		share shape.Share
		was   string
		parts []aggregate.Part
		want  string
	}{
		{
			name: "a ReplicaSet sums up, and names the member where pods cannot be made", kind: "replicasets.apps", share: replicas(3),
			parts: []aggregate.Part{
				has("gondor", replicas(2), `{"observedGeneration":7,"replicas":2,"fullyLabeledReplicas":2,"readyReplicas":2,"availableReplicas":1}`),
				has("rohan", replicas(1), `{"observedGeneration":7,"replicas":0,"conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":"no quota"}]}`),
			},
			want: `{"replicas":2,"fullyLabeledReplicas":2,"readyReplicas":2,"availableReplicas":1,"observedGeneration":2,
				"conditions":[{"type":"ReplicaFailure","status":"True","lastTransitionTime":"2026-01-01T12:00:00Z","reason":"FailedCreate","message":"rohan: no quota"}]}`,
		},
		{
			name: "a ReplicaSet whose copy cannot be seen counts with what is remembered", kind: "replicasets.apps", share: replicas(2),
			parts: []aggregate.Part{recalls("rohan", replicas(2), aggregate.Known{Ready: 1})},
			want:  `{"replicas":2,"fullyLabeledReplicas":2,"readyReplicas":1,"availableReplicas":1}`,
		},
		{
			name: "a StatefulSet has equal revisions when all members have", kind: "statefulsets.apps", share: replicas(3),
			parts: []aggregate.Part{
				has("rohan", replicas(2), `{"observedGeneration":7,"replicas":2,"readyReplicas":1,"availableReplicas":1,"currentReplicas":2,"updatedReplicas":2,"currentRevision":"r","updateRevision":"r"}`),
				has("gondor", replicas(1), `{"observedGeneration":7,"replicas":1,"readyReplicas":1,"availableReplicas":1,"currentReplicas":1,"updatedReplicas":1,"currentRevision":"g","updateRevision":"g"}`),
			},
			want: `{"replicas":3,"readyReplicas":2,"availableReplicas":2,"currentReplicas":3,"updatedReplicas":3,"observedGeneration":2,"currentRevision":"g","updateRevision":"g"}`,
		},
		{
			name: "a StatefulSet has other revisions while one member rolls out", kind: "statefulsets.apps", share: replicas(3),
			parts: []aggregate.Part{
				has("rohan", replicas(2), `{"observedGeneration":7,"replicas":2,"availableReplicas":0,"currentReplicas":1,"updatedReplicas":1,"currentRevision":"old","updateRevision":"new"}`),
				has("gondor", replicas(1), `{"observedGeneration":7,"replicas":1,"availableReplicas":0,"currentReplicas":1,"updatedReplicas":1,"currentRevision":"new","updateRevision":"new"}`),
			},
			want: `{"replicas":3,"currentReplicas":2,"updatedReplicas":2,"observedGeneration":2,"currentRevision":"old","updateRevision":"new"}`,
		},
		{
			name: "revisions differ while a member rolls out, however those of members are named", kind: "statefulsets.apps", share: replicas(2),
			parts: []aggregate.Part{
				has("gondor", replicas(1), `{"observedGeneration":7,"currentRevision":"one","updateRevision":"one"}`),
				has("rohan", replicas(1), `{"observedGeneration":7,"currentRevision":"one","updateRevision":"two"}`),
			},
			want: `{"observedGeneration":2,"currentRevision":"one","updateRevision":"two"}`,
		},
		{
			name: "a StatefulSet whose copy cannot be seen keeps its revision", kind: "statefulsets.apps", share: replicas(1),
			was:   `{"replicas":1,"readyReplicas":1,"availableReplicas":1,"currentReplicas":1,"updatedReplicas":1,"currentRevision":"r","updateRevision":"r","observedGeneration":1}`,
			parts: []aggregate.Part{recalls("rohan", replicas(1), aggregate.Known{Ready: 1})},
			want:  ``,
		},
		{
			name: "a DaemonSet sums up nodes, but for those of a copy that leaves", kind: "daemonsets.apps", share: whole,
			parts: []aggregate.Part{
				has("gondor", whole, `{"observedGeneration":7,"currentNumberScheduled":1,"desiredNumberScheduled":2,"numberMisscheduled":3,"numberReady":4,"updatedNumberScheduled":5,"numberAvailable":6,"numberUnavailable":7}`),
				has("rohan", whole, `{"observedGeneration":7,"currentNumberScheduled":1,"desiredNumberScheduled":1,"numberMisscheduled":1,"numberReady":1,"updatedNumberScheduled":1,"numberAvailable":1,"numberUnavailable":1}`),
				has("mordor", whole, `{"observedGeneration":7,"currentNumberScheduled":9,"desiredNumberScheduled":9,"numberMisscheduled":9,"numberReady":9}`, leaving),
			},
			want: `{"observedGeneration":2,"currentNumberScheduled":2,"desiredNumberScheduled":3,"numberMisscheduled":4,"numberReady":5,"updatedNumberScheduled":6,"numberAvailable":7,"numberUnavailable":8}`,
		},
		{
			name: "a DaemonSet's numbers stay while those of a member that had it cannot be seen", kind: "daemonsets.apps", share: whole,
			was:   `{"observedGeneration":2,"desiredNumberScheduled":5,"currentNumberScheduled":0,"numberMisscheduled":0,"numberReady":5}`,
			parts: []aggregate.Part{has("gondor", whole, `{"observedGeneration":7,"desiredNumberScheduled":2,"numberReady":2}`), recalls("rohan", whole, aggregate.Known{}, hadAll)},
		},
		{
			name: "a DaemonSet that was made while a member is away counts nodes of the others", kind: "daemonsets.apps", share: whole,
			parts: []aggregate.Part{has("gondor", whole, `{"observedGeneration":7,"desiredNumberScheduled":2,"numberReady":2}`), recalls("rohan", whole, aggregate.Known{})},
			want:  `{"desiredNumberScheduled":2,"numberReady":2}`,
		},
		{
			name: "so does one that the member which cannot be seen had not as it should be", kind: "daemonsets.apps", share: whole,
			was:   `{"observedGeneration":2,"desiredNumberScheduled":5,"currentNumberScheduled":0,"numberMisscheduled":0,"numberReady":5}`,
			parts: []aggregate.Part{has("gondor", whole, `{"observedGeneration":7,"desiredNumberScheduled":2,"numberReady":2}`), recalls("rohan", whole, aggregate.Known{})},
			want:  `{"desiredNumberScheduled":2,"numberReady":2}`,
		},
		{
			name: "so does one that was changed since it was the same everywhere", kind: "daemonsets.apps", share: whole,
			was:   `{"observedGeneration":1,"desiredNumberScheduled":5,"currentNumberScheduled":0,"numberMisscheduled":0,"numberReady":5}`,
			parts: []aggregate.Part{has("gondor", whole, `{"observedGeneration":7,"desiredNumberScheduled":2,"numberReady":2}`), recalls("rohan", whole, aggregate.Known{}, hadAll)},
			want:  `{"desiredNumberScheduled":2,"numberReady":2}`,
		},
		{
			name: "nor do they stay for a member whose status cannot be read", kind: "daemonsets.apps", share: whole,
			was:   `{"observedGeneration":2,"desiredNumberScheduled":5,"currentNumberScheduled":0,"numberMisscheduled":0,"numberReady":5}`,
			parts: []aggregate.Part{has("gondor", whole, `{"observedGeneration":7,"desiredNumberScheduled":2,"numberReady":2}`), has("rohan", whole, `{"numberReady":"x"}`, remembered(aggregate.Known{}))},
			want:  `{"desiredNumberScheduled":2,"numberReady":2}`,
		},
		{
			name: "a CronJob lists active Jobs by their names, and has the latest times", kind: "cronjobs.batch", share: whole,
			parts: []aggregate.Part{
				has("rohan", whole, `{"lastScheduleTime":"2026-01-01T03:00:00Z","lastSuccessfulTime":"2026-01-01T02:00:00Z"}`),
				has("gondor", whole, `{"lastScheduleTime":"2026-01-01T04:00:00Z","active":[{"apiVersion":"batch/v1","kind":"Job","namespace":"default","name":"nightly-1","uid":"u","resourceVersion":"5"}]}`),
			},
			want: `{"active":[{"apiVersion":"batch/v1","kind":"Job","namespace":"default","name":"nightly-1"}],"lastScheduleTime":"2026-01-01T04:00:00Z","lastSuccessfulTime":"2026-01-01T02:00:00Z"}`,
		},
		{
			name: "a Service has the addresses of all members, sorted, each once", kind: "services", share: whole,
			was: `{"loadBalancer":{"ingress":[{"ip":"192.0.2.9","ipMode":"VIP"}]}}`,
			parts: []aggregate.Part{
				has("rohan", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ipMode":"VIP"},{"hostname":"lb"}]}}`),
				has("gondor", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ipMode":"VIP"},{"ip":"192.0.2.1","ipMode":"Proxy"}]}}`),
				has("mordor", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.3","ipMode":"VIP"}]}}`, leaving),
			},
			want: `{"loadBalancer":{"ingress":[{"hostname":"lb"},{"ip":"192.0.2.1","ipMode":"Proxy"},{"ip":"192.0.2.2","ipMode":"VIP"}]}}`,
		},
		{
			name: "addresses that are no more are taken away", kind: "services", share: whole,
			was: `{"loadBalancer":{"ingress":[{"ip":"192.0.2.9","ipMode":"VIP"}]}}`, parts: []aggregate.Part{has("rohan", whole, `{"loadBalancer":{}}`)},
			want: `{"loadBalancer":{"ingress":null}}`,
		},
		{
			name: "an address stays while the member that may have it cannot be seen, but for one of a copy that leaves", kind: "services", share: whole,
			was: `{"loadBalancer":{"ingress":[{"ip":"192.0.2.1","ipMode":"VIP"},{"ip":"192.0.2.2","ipMode":"VIP"},{"ip":"192.0.2.3","ipMode":"VIP"}]}}`,
			parts: []aggregate.Part{
				has("gondor", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.1","ipMode":"VIP"}]}}`),
				has("mordor", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.3","ipMode":"VIP"}]}}`, leaving),
				recalls("rohan", whole, aggregate.Known{}),
			},
			want: `{"loadBalancer":{"ingress":[{"ip":"192.0.2.1","ipMode":"VIP"},{"ip":"192.0.2.2","ipMode":"VIP"}]}}`,
		},
		{
			name: "an address stays while the status of the member that may have it cannot be read", kind: "services", share: whole,
			was:   `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ipMode":"VIP"}]}}`,
			parts: []aggregate.Part{has("gondor", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.1","ipMode":"VIP"}]}}`), has("rohan", whole, `{"loadBalancer":5}`, remembered(aggregate.Known{}))},
			want:  `{"loadBalancer":{"ingress":[{"ip":"192.0.2.1","ipMode":"VIP"},{"ip":"192.0.2.2","ipMode":"VIP"}]}}`,
		},
		{
			name: "an Ingress has the addresses of all members", kind: "ingresses.networking.k8s.io", share: whole,
			parts: []aggregate.Part{
				has("rohan", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ports":[{"port":80,"protocol":"TCP"}]}]}}`),
				has("gondor", whole, `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2"}]}}`),
			},
			want: `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ports":[{"port":80,"protocol":"TCP"}]},{"ip":"192.0.2.2"}]}}`,
		},
		{
			name: "a budget sums up pods, and allows what members allow", kind: "poddisruptionbudgets.policy", share: whole,
			was: `{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0,"conditions":[
				{"type":"DisruptionAllowed","status":"True","reason":"SufficientPods","lastTransitionTime":"2026-01-01T10:00:00Z","message":"","observedGeneration":2}]}`,
			parts: []aggregate.Part{
				has("gondor", whole, `{"observedGeneration":7,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2,"disruptedPods":{"p":"2026-01-01T10:00:00Z"}}`),
				has("rohan", whole, `{"observedGeneration":7,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}`),
			},
			want: `{"disruptionsAllowed":1,"currentHealthy":3,"desiredHealthy":2,"expectedPods":3,"observedGeneration":2}`,
		},
		{
			name: "a budget allows nothing when no member does", kind: "poddisruptionbudgets.policy", share: whole,
			parts: []aggregate.Part{has("gondor", whole, `{"observedGeneration":7,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}`)},
			want: `{"currentHealthy":1,"desiredHealthy":1,"expectedPods":1,"observedGeneration":2,"conditions":[
				{"type":"DisruptionAllowed","status":"False","reason":"InsufficientPods","lastTransitionTime":"2026-01-01T12:00:00Z","message":"","observedGeneration":2}]}`,
		},
		{
			name: "an autoscaler sums up replicas, and has the mean of metrics over them", kind: "horizontalpodautoscalers.autoscaling", share: whole,
			parts: []aggregate.Part{
				has("rohan", whole, `{"observedGeneration":7,"currentReplicas":1,"desiredReplicas":2,"lastScaleTime":"2026-01-01T10:00:00Z","currentMetrics":[
					{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":90,"averageValue":"900m"}}},
					{"type":"External","external":{"metric":{"name":"queue"},"current":{"value":"10"}}}]}`),
				has("gondor", whole, `{"observedGeneration":7,"currentReplicas":3,"desiredReplicas":3,"currentMetrics":[
					{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":50,"averageValue":"500m"}}}]}`),
			},
			want: `{"observedGeneration":2,"currentReplicas":4,"desiredReplicas":5,"lastScaleTime":"2026-01-01T10:00:00Z","currentMetrics":[
				{"type":"External","external":{"metric":{"name":"queue"},"current":{"value":"10"}}},
				{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":60,"averageValue":"600m"}}}]}`,
		},
		{
			name: "an autoscaler's conditions hold when they do in all members", kind: "horizontalpodautoscalers.autoscaling", share: whole,
			parts: []aggregate.Part{
				has("rohan", whole, `{"desiredReplicas":0,"conditions":[{"type":"AbleToScale","status":"True","reason":"Ready","message":"m"},{"type":"ScalingActive","status":"False","reason":"NoMetrics","message":"none"}]}`),
				has("gondor", whole, `{"desiredReplicas":0,"conditions":[{"type":"AbleToScale","status":"True","reason":"Ready","message":"m"},{"type":"ScalingActive","status":"True","reason":"Valid"}]}`),
			},
			want: `{"conditions":[
				{"type":"AbleToScale","status":"True","lastTransitionTime":"2026-01-01T12:00:00Z","reason":"Ready","message":"m"},
				{"type":"ScalingActive","status":"False","lastTransitionTime":"2026-01-01T12:00:00Z","reason":"NoMetrics","message":"rohan: none"}]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := patch(t, source(tt.kind, tt.share, tt.was), tt.parts...)
			if diff := cmp.Diff(decoded(t, tt.want), decoded(t, got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Only a member that is broken says such numbers. An API server refuses a status that has one below 0, for all members.
func TestNumbersNeitherOverflowNorFallBelowZero(t *testing.T) {
	const least, most = math.MinInt32, math.MaxInt32
	tests := []struct {
		kind    kinds.ID
		numbers []string
	}{
		{"deployments.apps", []string{"replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas"}},
		{"replicasets.apps", []string{"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas"}},
		{"statefulsets.apps", []string{"replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"}},
		{"daemonsets.apps", []string{
			"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable", "numberUnavailable",
		}},
		{"jobs.batch", []string{"active", "ready", "succeeded", "failed", "terminating"}},
		{"horizontalpodautoscalers.autoscaling", []string{"currentReplicas", "desiredReplicas"}},
		{"poddisruptionbudgets.policy", []string{"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			says := func(member string, n int) aggregate.Part {
				status := map[string]int{}
				for _, number := range tt.numbers {
					status[number] = n
				}
				raw, _ := json.Marshal(status)
				p := has(member, whole, string(raw))
				if n < 0 {
					p.Pending = 1 // is taken off what is not ready
				}
				return p
			}
			for want, parts := range map[int][]aggregate.Part{
				most: {says("gondor", most), says("mordor", least), says("rohan", 5)},
				5:    {says("gondor", least), says("rohan", 5)},
			} {
				status, _ := decoded(t, patch(t, source(tt.kind, whole, ""), parts...)).(map[string]any)
				for _, number := range tt.numbers {
					if got := status[number]; got != float64(want) {
						t.Errorf("%s is %v, not %d", number, got, want)
					}
				}
			}
		})
	}
	r, _, err := aggregate.Status(source("jobs.batch", whole, ""), []aggregate.Part{has("gondor", whole, `{"ready":2147483647,"succeeded":1}`)})
	if err != nil || r.Progress[0].Ready != most {
		t.Errorf("progress %+v, error %v", r.Progress, err)
	}
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKindsWithoutAStatusHaveNone(t *testing.T) {
	for _, k := range kinds.Default() {
		_, ok, err := aggregate.Status(source(k.ID(), whole, ""), nil)
		if err != nil || ok != k.Status {
			t.Errorf("%s: ok %t, error %v", k.ID(), ok, err)
		}
	}
}

func TestAStatusThatCannotBeReadIsNamed(t *testing.T) {
	if _, _, err := aggregate.Status(source("services", whole, `{"loadBalancer":5}`), nil); err == nil || !strings.Contains(err.Error(), "status of the object") {
		t.Errorf("of the object itself: error %v", err)
	}
	r, _, err := aggregate.Status(source("jobs.batch", completions(4), ""), []aggregate.Part{
		has("rohan", completions(2), `{"succeeded":"x"}`, remembered(aggregate.Known{Ready: 2, Complete: true})), has("gondor", completions(2), jobRuns),
	})
	if err != nil {
		t.Fatal(err)
	}
	if first, second := r.Unreadable[0], r.Unreadable[1]; first == nil || !strings.Contains(first.Error(), "succeeded") || second != nil {
		t.Errorf("of rohan's %v, of gondor's %v", first, second)
	}
	if diff := cmp.Diff([]aggregate.Known{{Ready: 2, Complete: true}, {Ready: 2}}, r.Progress); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}
