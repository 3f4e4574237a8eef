package aggregate_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// anyParts are members with Deployments in whatever state that the Deployment controller can leave them in.
func anyParts(r *rand.Rand) (parts []aggregate.Part, share shape.Share) {
	var total int32
	for i := range r.IntN(8) {
		wanted := r.Int32N(6)
		all := r.Int32N(wanted + 3)
		ready := r.Int32N(all + 1)
		status := appsv1.DeploymentStatus{
			ObservedGeneration: 6 + r.Int64N(2), Replicas: all, UpdatedReplicas: r.Int32N(all + 1), ReadyReplicas: ready, AvailableReplicas: r.Int32N(ready + 1),
		}
		status.UnavailableReplicas = all - status.AvailableReplicas
		raw, _ := json.Marshal(status)
		p := has(fmt.Sprintf("m%d", i), replicas(wanted), string(raw))
		p.Applied, p.Leaving, p.Pending = r.IntN(4) > 0, r.IntN(6) == 0, r.Int32N(wanted+1)
		if r.IntN(6) == 0 {
			p.Status, p.Known = nil, &aggregate.Known{Ready: r.Int32N(9)}
		}
		if !p.Leaving {
			total += wanted - p.Pending
		}
		parts = append(parts, p)
	}
	return parts, replicas(total + r.Int32N(2))
}

func TestPropertiesOfDeployments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	complete := 0
	for range 5000 {
		parts, share := anyParts(r)
		s := source("deployments.apps", share, `{"observedGeneration":1}`)
		got := statusOf[appsv1.DeploymentStatus](t, s, parts...)
		if got.AvailableReplicas > got.ReadyReplicas || got.ReadyReplicas > got.Replicas || got.UpdatedReplicas > got.Replicas || got.UnavailableReplicas < 0 {
			t.Fatalf("no API server takes %+v of %v", got, parts)
		}
		var ready int32
		observed := true
		for _, p := range parts {
			var of appsv1.DeploymentStatus
			if p.Status != nil {
				if err := json.Unmarshal(p.Status, &of); err != nil {
					t.Fatal(err)
				}
			} else {
				of.ReadyReplicas = min(p.Known.Ready, *p.Wanted.Replicas)
			}
			ready += of.ReadyReplicas
			observed = observed && (p.Leaving || p.Applied && of.ObservedGeneration >= 7)
		}
		if got.ReadyReplicas != ready {
			t.Fatalf("%d are ready, not %d, of %v", got.ReadyReplicas, ready, parts)
		}
		if is := got.ObservedGeneration == 2; is != observed {
			t.Fatalf("observed %t, want %t, of %v", is, observed, parts)
		}
		if got.Conditions[1].Reason == "NewReplicaSetAvailable" {
			complete++
			if !observed || got.UpdatedReplicas < *share.Replicas || got.AvailableReplicas < got.Replicas {
				t.Fatalf("it is not complete: %+v of %v", got, parts)
			}
		}
		shuffled := slices.Clone(parts)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if patch(t, s, parts...) != patch(t, s, shuffled...) {
			t.Fatalf("the order matters of %v", parts)
		}
		pods := aggregate.NewPods(parts)
		if pods.ReadyReplicas > got.ReadyReplicas || pods.Replicas > got.UpdatedReplicas || pods.AvailableReplicas > pods.ReadyReplicas {
			t.Fatalf("new pods %+v of %+v", pods, got)
		}
	}
	if complete < 100 {
		t.Errorf("only %d were complete", complete)
	}
}

// What was written is not written again, for every kind: otherwise the writer would never come to rest.
func TestWhatIsWrittenIsThereAfterwards(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	statuses := map[kinds.ID][]string{
		"jobs.batch":                           {jobRuns, jobComplete, jobFailed, jobSuspended, jobResumed},
		"deployments.apps":                     {ready(3, 3), ready(3, 1), says("ProgressDeadlineExceeded", "late")},
		"statefulsets.apps":                    {`{"replicas":1,"currentRevision":"a","updateRevision":"b"}`, `{"replicas":1,"readyReplicas":1,"currentRevision":"b","updateRevision":"b"}`},
		"services":                             {`{"loadBalancer":{"ingress":[{"ip":"192.0.2.2","ipMode":"VIP"}]}}`, `{"loadBalancer":{}}`},
		"poddisruptionbudgets.policy":          {`{"observedGeneration":7,"disruptionsAllowed":1}`, `{"observedGeneration":7}`},
		"horizontalpodautoscalers.autoscaling": {`{"observedGeneration":7,"currentReplicas":3,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":77,"averageValue":"333m"}}}]}`, `{}`},
	}
	for kind, of := range statuses {
		for range 200 {
			s := source(kind, completions(4), "")
			s.Share.Replicas = new(int32(4))
			share := shape.Share{Replicas: new(int32(2)), Completions: new(int32(2))}
			status := map[string]any{}
			for range 4 { // changes, one after the other
				var parts []aggregate.Part
				for i := range 1 + r.IntN(3) {
					parts = append(parts, has(fmt.Sprint("m", i), share, of[r.IntN(len(of))]))
				}
				written := patch(t, s, parts...)
				if written != "" {
					status = merged(status, decoded(t, written).(map[string]any))
				}
				s.Status, _ = json.Marshal(status)
				s.Now = s.Now.Add(5e9)
				if again := patch(t, s, parts...); again != "" {
					t.Fatalf("%s: %s is written again, of %s", kind, again, s.Status)
				}
				if kind == "jobs.batch" {
					lawful(t, s.Status)
				}
			}
		}
	}
}

// lawful checks what API servers check in Jobs.
func lawful(t *testing.T, raw json.RawMessage) {
	t.Helper()
	var s batchv1.JobStatus
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	is := map[batchv1.JobConditionType]bool{}
	for _, c := range s.Conditions {
		is[c.Type] = c.Status == "True"
	}
	complete, failed := is[batchv1.JobComplete], is[batchv1.JobFailed]
	if complete && failed || complete != is[batchv1.JobSuccessCriteriaMet] || failed != is[batchv1.JobFailureTarget] ||
		complete != (s.CompletionTime != nil) || (complete || failed) && (s.StartTime == nil || s.Active > 0) ||
		s.Ready != nil && *s.Ready > s.Active || s.CompletionTime != nil && s.CompletionTime.Before(s.StartTime) {
		t.Fatalf("no API server takes %s", raw)
	}
}

// merged is what a JSON merge patch makes of an object.
func merged(object, patch map[string]any) map[string]any {
	for name, value := range patch {
		inner, is := value.(map[string]any)
		switch {
		case value == nil:
			delete(object, name)
		case is:
			before, _ := object[name].(map[string]any)
			if before == nil {
				before = map[string]any{}
			}
			object[name] = merged(before, inner)
		default:
			object[name] = value
		}
	}
	return object
}
