package state_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

func unreachable(p state.Part) state.Part {
	p.Reachable, p.State, p.Message = false, delivery.Unreachable, "no answer"
	return p
}

// unseen is a member that has not answered since the process began.
func unseen(member string) state.Part { return unreachable(in(member, "", "")) }

func outdated(p state.Part) state.Part {
	c := *p.Copy
	c.Hash = "of-what-was-before"
	p.Hash, p.Copy = c.Hash, &c
	return p
}

func leaving(p state.Part) state.Part {
	p.Selected, p.WantedHash = false, ""
	return p
}

func TestWhatIsSaidOfMembers(t *testing.T) {
	pruned := synced("rohan")
	pruned.Message = "the member does not know: spec.new"
	notLookedAt := synced("rohan") // by this process
	notLookedAt.State = ""
	long := in("rohan", delivery.Rejected, strings.Repeat("ä", 1000))
	tests := []struct {
		name          string
		was           string // AnnotationMembers; that of propagation is there, too, unless it is ""
		s             state.Snapshot
		text, members string
	}{
		{
			name: "all in sync needs no more than a count",
			s:    state.Snapshot{Parts: []state.Part{synced("gondor"), synced("rohan")}}, text: "synced 2/2",
		},
		{
			name: "a copy of a former version is not in sync",
			s:    state.Snapshot{Parts: []state.Part{synced("gondor"), outdated(synced("rohan"))}},
			text: "synced 1/2", members: `{"rohan":{"state":"Pending"}}`,
		},
		{
			name: "a member that does not answer, but had it all, is as it was", text: "synced 2/2",
			s: state.Snapshot{Parts: []state.Part{synced("gondor"), unreachable(synced("rohan"))}},
		},
		{
			name: "a member that does not answer is named when it lacks a change",
			s:    state.Snapshot{Parts: []state.Part{synced("gondor"), unreachable(outdated(synced("rohan")))}},
			text: "synced 1/2; rohan: Unreachable", members: `{"rohan":{"state":"Unreachable"}}`,
		},
		{
			name: "a member that never answered is named when nothing was written of it",
			s:    state.Snapshot{Parts: []state.Part{synced("gondor"), unseen("rohan")}},
			text: "synced 1/2; rohan: Unreachable", members: `{"rohan":{"state":"Unreachable"}}`,
		},
		{
			name: "after a restart, of a member that has not answered yet holds what was written", was: `{"mordor":{"state":"Conflict","message":"taken"}}`,
			s:    state.Snapshot{Parts: []state.Part{synced("gondor"), unseen("mordor"), unseen("rohan")}},
			text: "synced 2/3; mordor: Conflict: taken", members: `{"mordor":{"state":"Conflict","message":"taken"}}`,
		},
		{
			name: "what was written does not hold for an object that was changed since", was: `{"mordor":{"state":"Conflict","message":"taken"}}`,
			s:    state.Snapshot{Touched: true, Parts: []state.Part{synced("gondor"), unseen("rohan")}},
			text: "synced 1/2; rohan: Unreachable", members: `{"rohan":{"state":"Unreachable"}}`,
		},
		{
			name: "a namespace that is used is in sync, and programs are told", text: "synced 2/2", members: `{"rohan":{"state":"Used"}}`,
			s: state.Snapshot{Parts: []state.Part{synced("gondor"), in("rohan", delivery.Used, "")}},
		},
		{
			name: "fields that a member does not know are told of", s: state.Snapshot{Parts: []state.Part{pruned}},
			text:    "synced 1/1; rohan: the member does not know: spec.new",
			members: `{"rohan":{"state":"Synced","message":"the member does not know: spec.new"}}`,
		},
		{
			name: "fields that a member does not know are told of still when the process began anew", s: state.Snapshot{Parts: []state.Part{notLookedAt}},
			was:     `{"rohan":{"state":"Synced","message":"the member does not know: spec.new"}}`,
			text:    "synced 1/1; rohan: the member does not know: spec.new",
			members: `{"rohan":{"state":"Synced","message":"the member does not know: spec.new"}}`,
		},
		{
			name: "but not when the object was changed since", s: state.Snapshot{Touched: true, Parts: []state.Part{notLookedAt}},
			was: `{"rohan":{"state":"Synced","message":"the member does not know: spec.new"}}`, text: "synced 1/1",
		},
		{
			name: "nor is a problem, of a copy that is as it shall be", s: state.Snapshot{Parts: []state.Part{notLookedAt}},
			was: `{"rohan":{"state":"Rejected","message":"no"}}`, text: "synced 1/1",
		},
		{
			name: "problems come before what is on its way, and before messages",
			s: state.Snapshot{Parts: []state.Part{
				in("a", delivery.Throttled, "slowly"), pruned, in("z", delivery.Conflict, "taken"), in("p", delivery.Pending, ""),
			}},
			text: "synced 1/4; z: Conflict: taken; a: Throttled: slowly; rohan: the member does not know: spec.new",
			members: `{"a":{"state":"Throttled","message":"slowly"},"p":{"state":"Pending"},` +
				`"rohan":{"state":"Synced","message":"the member does not know: spec.new"},"z":{"state":"Conflict","message":"taken"}}`,
		},
		{
			name: "notes of the plan are told", s: state.Snapshot{Notes: []string{"2 of 3 are not placed", "more"}, Parts: []state.Part{synced("gondor")}},
			text: "synced 1/1; NotPlaced: 2 of 3 are not placed; more",
		},
		{
			name: "a copy that leaves does not count", s: state.Snapshot{Parts: []state.Part{synced("gondor"), leaving(synced("rohan"))}},
			text: "synced 1/1",
		},
		{
			name: "a copy that cannot leave is named", text: "synced 1/1; rohan: Forbidden: no right",
			members: `{"rohan":{"state":"Forbidden","message":"no right"}}`,
			s:       state.Snapshot{Parts: []state.Part{synced("gondor"), leaving(in("rohan", delivery.Forbidden, "no right"))}},
		},
		{
			name: "a malformed annotation says what is wrong", s: state.Snapshot{Problem: "annotation x: no JSON", Parts: []state.Part{leaving(synced("gondor"))}},
			text: "MalformedAnnotation: annotation x: no JSON",
		},
		{
			name: "a malformed object blames no annotation", s: state.Snapshot{Problem: "its spec is no object", Malformed: true},
			text: "Malformed: its spec is no object",
		},
		{
			name: "what is being deleted says how much is left", text: "deleting; copies left: 1; rohan: Unreachable", members: `{"rohan":{"state":"Unreachable"}}`,
			s: state.Snapshot{Deleting: true, Parts: []state.Part{leaving(unreachable(synced("rohan")))}},
		},
		{
			name: "messages are cut between letters", s: state.Snapshot{Parts: []state.Part{long}},
			text:    "synced 0/1; rohan: Rejected: " + strings.Repeat("ä", 126) + "…",
			members: `{"rohan":{"state":"Rejected","message":"` + strings.Repeat("ä", 126) + `…"}}`,
		},
		{
			name: "an annotation that somebody else wrote is written anew", was: `no JSON`,
			s: state.Snapshot{Parts: []state.Part{synced("gondor")}}, text: "synced 1/1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				key := w.put(configMaps, "settings", "")
				w.annotate(key, tt.was)
				w.know(configMaps, key, tt.s)
				after(31 * time.Second)
				text, members := w.annotations(configMaps, key)
				if diff := cmp.Diff([]string{tt.text, tt.members}, []string{text, members}); diff != "" {
					w.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// annotate makes a ConfigMap say something of members, as if it had been written before.
func (w *world) annotate(key delivery.Key, members string) {
	w.Helper()
	if members == "" {
		return
	}
	body := fmt.Sprintf(`{"metadata":{"namespace":%q,"name":%q,"annotations":{"federation.fedhelm.io/propagation":"synced 2/3","federation.fedhelm.io/members":%q}}}`,
		key.Namespace, key.Name, members)
	if err := w.api.Put(configMaps, "fedhelm-state", []byte(body)); err != nil {
		w.Fatal(err)
	}
}

func TestAMalformedObjectKeepsWhatItsStatusHas(t *testing.T) {
	inBubble(t, func(w *world) {
		services := kindOf("services")
		key := w.put(services, "web", `,"spec":{"type":"LoadBalancer"}`)
		p := synced("gondor")
		p.Copy.Status = []byte(`{"loadBalancer":{"ingress":[{"ip":"192.0.2.1","ipMode":"VIP"}]}}`)
		w.know(services, key, state.Snapshot{Parts: []state.Part{p}})
		after(2 * time.Second)
		w.know(services, key, state.Snapshot{Problem: "no JSON", Parts: []state.Part{leaving(p)}})
		after(2 * time.Second)
		if got := status[corev1.ServiceStatus](w, services, key); len(got.LoadBalancer.Ingress) != 1 {
			w.Errorf("the status is %+v", got)
		}
	})
}

func TestAStatusThatCannotBeReadKeepsNothingFromBeingTold(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(deployments, "web", `,"spec":{"replicas":4}`)
		broken := running("rohan", 2, 1)
		s := state.Snapshot{Helm: true, Share: shape.Share{Replicas: new(int32(4))}, Parts: []state.Part{running("gondor", 2, 1), broken}}
		w.know(deployments, key, s)
		after(2 * time.Second)
		broken.Copy.Status, broken.Message = []byte(`{"replicas":"two","readyReplicas":2}`), "the member does not know: spec.new"
		s.Parts = []state.Part{running("gondor", 2, 2), broken}
		w.know(deployments, key, s)
		after(2 * time.Second)
		if got := status[appsv1.DeploymentStatus](w, deployments, key); got.Replicas != 4 || got.ReadyReplicas != 3 {
			w.Errorf("the status is %+v", got)
		}
		const said = "the member does not know: spec.new; the status of its copy cannot be read: " +
			"json: cannot unmarshal string into Go struct field DeploymentStatus.replicas of type int32"
		text, members := w.annotations(deployments, key)
		want := []string{"synced 2/2; rohan: " + said, `{"gondor":{"wanted":2,"ready":2},"rohan":{"wanted":2,"ready":1,"state":"Synced","message":"` + said + `"}}`}
		if diff := cmp.Diff(want, []string{text, members}); diff != "" {
			w.Errorf("(-want +got):\n%s", diff)
		}
		if rs := status[appsv1.ReplicaSetStatus](w, kindOf("replicasets.apps"), delivery.Key{Namespace: "default", Name: "web-fedhelm"}); rs.ReadyReplicas != 2 {
			w.Errorf("of Helm's ReplicaSet it is %+v", rs)
		}
		w.writes()
		notLookedAt := broken // by a process that has just begun
		notLookedAt.State, notLookedAt.Message = "", ""
		s.Parts[1] = notLookedAt
		w.know(deployments, key, s)
		after(time.Minute)
		if n := w.writes(); n > 0 {
			w.Errorf("%d writes though nothing changes", n)
		}
		s.Parts[1] = leaving(notLookedAt)
		w.know(deployments, key, s)
		after(2 * time.Second)
		if text, _ := w.annotations(deployments, key); text != "synced 1/1" {
			w.Errorf("of a copy that leaves it says %q", text)
		}
	})
}

func TestAJobsPartThatFinishedIsRememberedWithoutItsCopy(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(jobs, "sums", `,"spec":{"completions":4}`)
		share := func(n int32) shape.Share { return shape.Share{Completions: &n} }
		const complete = `{"startTime":"2026-01-01T10:00:00Z","completionTime":"2026-01-01T11:00:00Z","succeeded":2,"conditions":[{"type":"Complete","status":"True"}]}`
		first, second := synced("gondor"), synced("rohan")
		first.Wanted, second.Wanted = share(2), share(2)
		first.Copy.Status, second.Copy.Status = []byte(complete), []byte(`{"startTime":"2026-01-01T10:00:00Z","active":1,"ready":1,"succeeded":1}`)
		w.know(jobs, key, state.Snapshot{Share: share(4), Parts: []state.Part{first, second}})
		after(2 * time.Second)
		want := `{"gondor":{"wanted":2,"ready":2,"finished":"Complete"},"rohan":{"wanted":2,"ready":2}}`
		if _, members := w.annotations(jobs, key); members != want {
			w.Errorf("of members it says\n%s, want\n%s", members, want)
		}
		gone := in("gondor", delivery.Finished, "") // somebody tidied up
		gone.Wanted = share(2)
		second.Copy = &delivery.Copy{UID: "copy", Hash: hash, Status: []byte(complete)}
		w.know(jobs, key, state.Snapshot{Share: share(4), Parts: []state.Part{gone, second}})
		after(2 * time.Second)
		got := status[batchv1.JobStatus](w, jobs, key)
		if got.Succeeded != 4 || got.CompletionTime == nil {
			w.Errorf("the status is %+v", got)
		}
		if text, _ := w.annotations(jobs, key); text != "synced 2/2" {
			w.Errorf("it says %q", text)
		}
	})
}

// A Job that is made from the manifest of one that was exported has what was written of that one. The API server takes its status off.
func TestAJobThatIsMadeFromAnExportedOneHasNotFinished(t *testing.T) {
	inBubble(t, func(w *world) {
		const exported = `{"metadata":{"namespace":"default","name":"sums","annotations":{"federation.fedhelm.io/propagation":"synced 2/2",
			"federation.fedhelm.io/members":"{\"gondor\":{\"wanted\":2,\"ready\":2,\"finished\":\"Complete\"},\"rohan\":{\"wanted\":2,\"ready\":2,\"finished\":\"Complete\"}}"}},"spec":{"completions":4}}`
		if err := w.api.Put(jobs, "kubectl", []byte(exported)); err != nil {
			t.Fatal(err)
		}
		share := func(n int32) shape.Share { return shape.Share{Completions: &n} }
		away, waits := unseen("gondor"), in("rohan", delivery.Pending, "")
		away.Wanted, waits.Wanted = share(2), share(2)
		key := delivery.Key{Kind: jobs.ID(), Namespace: "default", Name: "sums"}
		w.know(jobs, key, state.Snapshot{Share: share(4), Parts: []state.Part{away, waits}})
		after(time.Minute)
		if got := status[batchv1.JobStatus](w, jobs, key); got.Succeeded > 0 || len(got.Conditions) > 0 {
			w.Errorf("the status is %+v", got)
		}
		if _, members := w.annotations(jobs, key); strings.Contains(members, "finished") {
			w.Errorf("of members it says %s", members)
		}
	})
}

func TestWantedOfAnAutoscalerIsItsMaximum(t *testing.T) {
	inBubble(t, func(w *world) {
		autoscalers := kindOf("horizontalpodautoscalers.autoscaling")
		key := w.put(autoscalers, "web", `,"spec":{"maxReplicas":9}`)
		p := synced("gondor")
		p.Wanted, p.Copy.Status = shape.Share{MinReplicas: new(int32(1)), MaxReplicas: new(int32(9))}, []byte(`{"observedGeneration":1,"currentReplicas":4,"desiredReplicas":5}`)
		w.know(autoscalers, key, state.Snapshot{Share: p.Wanted, Parts: []state.Part{p}})
		after(2 * time.Second)
		if _, members := w.annotations(autoscalers, key); members != `{"gondor":{"wanted":9,"ready":4}}` {
			w.Errorf("of members it says %s", members)
		}
	})
}
