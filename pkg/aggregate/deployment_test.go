package aggregate_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// ready is the status of a Deployment's copy all of whose pods are new, n of them ready.
func ready(all, n int) string {
	available := "False"
	if all == n {
		available = "True"
	}
	return fmt.Sprintf(`{"observedGeneration":7,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d,"unavailableReplicas":%d,
		"conditions":[{"type":"Available","status":%q,"message":"%d of %d"}]}`, all, all, n, n, all-n, available, n, all)
}

func says(reason, message string) string {
	return fmt.Sprintf(`{"observedGeneration":7,"replicas":1,"updatedReplicas":1,"unavailableReplicas":1,
		"conditions":[{"type":"Progressing","status":"False","reason":%q,"message":%q}]}`, reason, message)
}

// late is the status of a copy that has exceeded its deadline with all pods, so many of them new, and so many ready.
func late(all, updated, n int) string {
	return fmt.Sprintf(`{"observedGeneration":7,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d,"unavailableReplicas":%d,
		"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"late"}]}`, all, updated, n, n, all-n)
}

func TestDeployment(t *testing.T) {
	const was = `{"observedGeneration":1}`
	tests := []struct {
		name  string
		share shape.Share
		was   string
		parts []aggregate.Part
		// want is OBSERVED updated/replicas ready available unavailable, then a line for each condition.
		want string
	}{
		{
			name: "numbers are summed up, and a rollout is complete when it is in all members", share: replicas(5),
			parts: []aggregate.Part{has("gondor", replicas(3), ready(3, 3)), has("rohan", replicas(2), ready(2, 2))},
			want: `2 5/5 5 5 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "one member that is not ready yet is named", share: replicas(5),
			parts: []aggregate.Part{has("gondor", replicas(3), ready(3, 3)), has("rohan", replicas(2), ready(2, 1))},
			want: `2 5/5 4 4 1
Available False MinimumReplicasUnavailable rohan: 1 of 2
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "the generation is observed when every part was applied", share: replicas(2), was: was,
			parts: []aggregate.Part{has("gondor", replicas(1), ready(1, 1)), has("rohan", replicas(1), ready(1, 1), outdated)},
			want: `1 2/2 2 2 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "the generation is observed when the members' controllers have noticed", share: replicas(1), was: was,
			parts: []aggregate.Part{has("gondor", replicas(1), `{"observedGeneration":6,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}`)},
			want: `1 1/1 1 1 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "the generation is not observed while a member has no copy", share: replicas(2), was: was,
			parts: []aggregate.Part{has("gondor", replicas(1), ready(1, 1)), awaits("rohan", replicas(1))},
			want: `1 1/1 1 1 0
Available False MinimumReplicasUnavailable rohan
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "without members nothing is available, and what was asked for is known", share: replicas(2),
			want: `2 0/0 0 0 0
Available False MinimumReplicasUnavailable 2 of 2 replicas are not placed in any member.
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "replicas without a place keep it from being complete", share: replicas(3),
			parts: []aggregate.Part{has("gondor", replicas(2), ready(2, 2))},
			want: `2 2/2 2 2 0
Available False MinimumReplicasUnavailable 1 of 3 replicas are not placed in any member.
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "replicas that wait on top of the total do not count", share: replicas(3),
			parts: []aggregate.Part{has("gondor", replicas(3), ready(3, 1), pending(2)), has("rohan", replicas(2), ready(2, 2))},
			want: `2 3/3 3 3 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "what a member says is available with replicas on top of the total is so without them", share: replicas(4),
			parts: []aggregate.Part{has("gondor", replicas(5), `{"observedGeneration":7,"replicas":5,"updatedReplicas":5,"readyReplicas":3,"availableReplicas":3,
				"unavailableReplicas":2,"conditions":[{"type":"Available","status":"True"}]}`, pending(1))},
			want: `2 4/4 3 3 1
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "of what waits on top of the total, that which found room counts", share: replicas(3),
			parts: []aggregate.Part{has("gondor", replicas(3), ready(3, 2), pending(2)), has("rohan", replicas(2), ready(2, 2))},
			want: `2 4/4 4 4 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "a copy that leaves has old replicas", share: replicas(2),
			parts: []aggregate.Part{has("gondor", replicas(2), ready(2, 2)), has("rohan", shape.Share{}, ready(1, 1), leaving, outdated)},
			want: `2 2/3 3 3 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "a member that exceeds its deadline is named, and kubectl gives up", share: replicas(2),
			parts: []aggregate.Part{has("gondor", replicas(1), ready(1, 1)), has("rohan", replicas(1), says("ProgressDeadlineExceeded", "too slow"))},
			want: `2 2/2 1 1 1
Available False MinimumReplicasUnavailable rohan
Progressing False ProgressDeadlineExceeded rohan: too slow`,
		},
		{
			name: "a member exceeds its deadline in vain with replicas that wait on top of the total", share: replicas(10),
			parts: []aggregate.Part{
				has("gondor", replicas(5), late(5, 5, 3), pending(2)), has("rohan", replicas(7), ready(7, 7)),
			},
			want: `2 10/10 10 10 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "but not when it lacks one that the total needs", share: replicas(10),
			parts: []aggregate.Part{
				has("gondor", replicas(5), late(5, 5, 2), pending(2)), has("rohan", replicas(7), ready(7, 7)),
			},
			want: `2 10/10 9 9 1
Available False MinimumReplicasUnavailable gondor
Progressing False ProgressDeadlineExceeded gondor: late`,
		},
		{
			name: "nor when what is available there may be old", share: replicas(10),
			parts: []aggregate.Part{
				has("gondor", replicas(5), late(7, 3, 3), pending(2)), has("rohan", replicas(7), ready(7, 7)),
			},
			want: `2 10/12 10 10 2
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing False ProgressDeadlineExceeded gondor: late`,
		},
		{
			name: "a deadline of a former generation is history", share: replicas(1), was: was,
			parts: []aggregate.Part{has("rohan", replicas(1), says("ProgressDeadlineExceeded", "too slow"), outdated)},
			want: `1 1/1 0 0 1
Available False MinimumReplicasUnavailable rohan
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "a rollout that is paused is so everywhere", share: replicas(1),
			parts: []aggregate.Part{has("rohan", replicas(1), says("DeploymentPaused", "Deployment is paused"))},
			want: `2 1/1 0 0 1
Available False MinimumReplicasUnavailable rohan
Progressing Unknown DeploymentPaused rohan: Deployment is paused`,
		},
		{
			name: "pods that cannot be made are told of, with the member", share: replicas(1),
			parts: []aggregate.Part{has("rohan", replicas(1), `{"observedGeneration":7,"conditions":[
				{"type":"Available","status":"True"},{"type":"ReplicaFailure","status":"True","message":"no quota"}]}`)},
			want: `2 0/0 0 0 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True ReplicaSetUpdated Members are progressing.
ReplicaFailure True FailedCreate rohan: no quota`,
		},
		{
			name: "a member that cannot be seen counts with what is remembered", share: replicas(5), was: `{"observedGeneration":2}`,
			parts: []aggregate.Part{has("gondor", replicas(3), ready(3, 3)), recalls("rohan", replicas(2), aggregate.Known{Ready: 2})},
			want: `2 5/5 5 5 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "a member whose status cannot be read counts with what is remembered, and the others are told", share: replicas(5), was: was,
			parts: []aggregate.Part{has("gondor", replicas(3), ready(3, 3)), has("rohan", replicas(2), `{"readyReplicas":9,"replicas":"x"}`, remembered(aggregate.Known{Ready: 1}))},
			want: `1 5/5 4 4 1
Available False MinimumReplicasUnavailable rohan
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
		{
			name: "a number below 0 is none, also where replicas wait on top of the total", share: replicas(1),
			parts: []aggregate.Part{has("gondor", replicas(1), `{"observedGeneration":7,"replicas":-2147483648,"readyReplicas":1}`, pending(1)), has("rohan", replicas(1), ready(1, 1))},
			want: `2 1/1 2 1 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "what an autoscaler scales is complete with what it runs", share: replicas(9),
			parts: []aggregate.Part{has("gondor", shape.Share{}, ready(4, 4))},
			want: `2 4/4 4 4 0
Available True MinimumReplicasAvailable All members have minimum availability.
Progressing True NewReplicaSetAvailable All members have successfully progressed.`,
		},
		{
			name: "of many members three are named", share: replicas(5),
			parts: []aggregate.Part{
				awaits("e", replicas(1)), awaits("d", replicas(1)), awaits("c", replicas(1)), awaits("b", replicas(1)), awaits("a", replicas(1)),
			},
			want: `0 0/0 0 0 0
Available False MinimumReplicasUnavailable a; b; c; and 2 more
Progressing True ReplicaSetUpdated Members are progressing.`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := statusOf[appsv1.DeploymentStatus](t, source("deployments.apps", tt.share, tt.was), tt.parts...)
			got := fmt.Sprintf("%d %d/%d %d %d %d", s.ObservedGeneration, s.UpdatedReplicas, s.Replicas, s.ReadyReplicas, s.AvailableReplicas, s.UnavailableReplicas)
			for _, c := range s.Conditions {
				got += fmt.Sprintf("\n%s %s %s %s", c.Type, c.Status, c.Reason, c.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMalformedDeploymentIsNotObserved(t *testing.T) {
	s := source("deployments.apps", replicas(1), `{"observedGeneration":1}`)
	s.Halted = true
	if got := statusOf[appsv1.DeploymentStatus](t, s, has("gondor", replicas(1), ready(1, 1))); got.ObservedGeneration != 1 {
		t.Errorf("generation %d is observed", got.ObservedGeneration)
	}
}

func TestTimesOfConditionsAreThoseOfTheirChange(t *testing.T) {
	const was = `{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"readyReplicas":1,"availableReplicas":1,"unavailableReplicas":1,"conditions":[
		{"type":"Available","status":"False","lastUpdateTime":"` + before + `","lastTransitionTime":"` + before + `","reason":"MinimumReplicasUnavailable","message":"gondor: 1 of 2"},
		{"type":"Progressing","status":"True","lastUpdateTime":"` + before + `","lastTransitionTime":"` + before + `","reason":"ReplicaSetUpdated","message":"Members are progressing."}]}`
	s := source("deployments.apps", replicas(2), was)
	if p := patch(t, s, has("gondor", replicas(2), ready(2, 1))); p != "" {
		t.Errorf("what has not changed is written again: %s", p)
	}
	want := `{"availableReplicas":2,"conditions":[` +
		`{"lastTransitionTime":"` + atNoon + `","lastUpdateTime":"` + atNoon + `","message":"All members have minimum availability.","reason":"MinimumReplicasAvailable","status":"True","type":"Available"},` +
		`{"lastTransitionTime":"` + before + `","lastUpdateTime":"` + atNoon + `","message":"All members have successfully progressed.","reason":"NewReplicaSetAvailable","status":"True","type":"Progressing"}` +
		`],"readyReplicas":2,"unavailableReplicas":null}`
	if diff := cmp.Diff(want, patch(t, s, has("gondor", replicas(2), ready(2, 2)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewPods(t *testing.T) {
	status := func(all, updated, ready int) string {
		return fmt.Sprintf(`{"observedGeneration":7,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d}`, all, updated, ready, ready)
	}
	tests := []struct {
		name  string
		parts []aggregate.Part
		want  string // replicas ready available
	}{
		{name: "when all pods are new, all that are ready are", parts: []aggregate.Part{has("gondor", replicas(3), status(3, 3, 2)), has("rohan", replicas(1), status(1, 1, 1))}, want: "4 3 3"},
		{name: "pods that are ready may be old ones", parts: []aggregate.Part{has("gondor", replicas(4), status(5, 1, 4))}, want: "1 0 0"},
		{name: "what is more than all old pods is new", parts: []aggregate.Part{has("gondor", replicas(4), status(5, 3, 4))}, want: "3 2 2"},
		{name: "a member that does not have the template has no new pods", parts: []aggregate.Part{has("gondor", replicas(3), status(3, 3, 3), outdated)}, want: "0 0 0"},
		{name: "a member that has not noticed the template has no new pods", parts: []aggregate.Part{has("gondor", replicas(1), `{"observedGeneration":6,"replicas":1,"updatedReplicas":1,"readyReplicas":1}`)}, want: "0 0 0"},
		{name: "what leaves has no new pods", parts: []aggregate.Part{has("gondor", replicas(3), status(3, 3, 3), leaving)}, want: "0 0 0"},
		{name: "more than a number can say is as many as it can", parts: []aggregate.Part{has("gondor", replicas(3), status(math.MaxInt32, math.MaxInt32, math.MaxInt32)), has("rohan", replicas(1), status(5, 5, 5))}, want: "2147483647 2147483647 2147483647"},
		{name: "a copy whose status cannot be read has no new pods, and the others have theirs", parts: []aggregate.Part{has("gondor", replicas(3), `{"replicas":"x"}`, remembered(aggregate.Known{Ready: 3})), has("rohan", replicas(1), status(1, 1, 1))}, want: "1 1 1"},
		{name: "pods that wait on top of the total do not count", parts: []aggregate.Part{has("gondor", replicas(3), status(3, 3, 1), pending(2))}, want: "1 1 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := aggregate.NewPods(tt.parts)
			if got := fmt.Sprint(s.Replicas, s.ReadyReplicas, s.AvailableReplicas); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
