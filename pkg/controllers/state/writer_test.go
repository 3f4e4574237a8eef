package state_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

func TestStateIsWrittenOnceForAllThatChangesAtTheSameTime(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		for i := range 100 {
			w.know(configMaps, key, state.Snapshot{Parts: []state.Part{synced("gondor"), synced(fmt.Sprint("rohan", i))}})
		}
		after(time.Second)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes", n)
		}
		if text, members := w.annotations(configMaps, key); text != "synced 2/2" || members != "" {
			w.Errorf("it says %q, %q", text, members)
		}
	})
}

func TestAnObjectIsWrittenOnceASecondAtMost(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		last := ""
		for i := range 100 { // 10 a second
			last = fmt.Sprintf("try %d", i)
			w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("gondor", delivery.Rejected, last)}})
			after(100 * time.Millisecond)
		}
		if n := w.writes(); n < 8 || n > 10 {
			w.Errorf("%d writes in 10 s", n)
		}
		after(2 * time.Second)
		if text, _ := w.annotations(configMaps, key); text != "synced 0/1; gondor: Rejected: "+last {
			w.Errorf("it says %q", text)
		}
	})
}

func TestNothingIsWrittenThatIsThereAlready(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(deployments, "web", `,"spec":{"replicas":5}`)
		s := state.Snapshot{Share: shape.Share{Replicas: new(int32(5))}, Parts: []state.Part{running("gondor", 3, 3), running("rohan", 2, 1)}}
		w.know(deployments, key, s)
		after(5 * time.Second)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes at first", n)
		}
		for range 10 {
			w.know(deployments, key, s)
			after(5 * time.Second)
		}
		if n := w.writes(); n != 0 {
			w.Errorf("%d writes of the same", n)
		}
	})
}

func TestStatusAndAnnotationsAreOneWrite(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(deployments, "web", `,"spec":{"replicas":5}`)
		late := running("rohan", 2, 1)
		late.Copy.Waiting = "1 pod: ImagePullBackOff"
		w.know(deployments, key, state.Snapshot{Share: shape.Share{Replicas: new(int32(5))}, Parts: []state.Part{running("gondor", 3, 3), late}})
		after(time.Second)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes", n)
		}
		text, members := w.annotations(deployments, key)
		if want := "synced 2/2; rohan: 1 pod: ImagePullBackOff"; text != want {
			w.Errorf("it says %q, want %q", text, want)
		}
		want := `{"gondor":{"wanted":3,"ready":3},"rohan":{"wanted":2,"ready":1,"state":"Synced","message":"1 pod: ImagePullBackOff"}}`
		if members != want {
			w.Errorf("of members it says\n%s, want\n%s", members, want)
		}
		s := status[appsv1.DeploymentStatus](w, deployments, key)
		if s.Replicas != 5 || s.ReadyReplicas != 4 || s.ObservedGeneration != 1 {
			w.Errorf("the status is %+v", s)
		}
	})
}

func TestWhatIsNoLongerSoIsTakenAway(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(deployments, "web", `,"spec":{"replicas":1}`)
		failing := running("gondor", 1, 0)
		failing.Copy.Status = []byte(`{"observedGeneration":1,"replicas":1,"conditions":[{"type":"ReplicaFailure","status":"True","message":"no quota"}]}`)
		failing.Copy.Waiting = "no quota"
		s := state.Snapshot{Share: shape.Share{Replicas: new(int32(1))}, Parts: []state.Part{failing}}
		w.know(deployments, key, s)
		after(2 * time.Second)
		if c := status[appsv1.DeploymentStatus](w, deployments, key).Conditions; len(c) != 3 || c[2].Message != "gondor: no quota" {
			w.Errorf("the conditions are %v", c)
		}
		s.Share, s.Parts = shape.Share{Replicas: new(int32(0))}, []state.Part{running("gondor", 0, 0)}
		w.know(deployments, key, s)
		after(2 * time.Second)
		o, _ := w.api.Get(deployments, key.Namespace, key.Name)
		if strings.Contains(string(o.Status), "ReplicaFailure") || strings.Contains(string(o.Status), `"replicas"`) {
			w.Errorf("the status is %s", o.Status)
		}
		if _, is := o.Annotations[fedv1beta1.AnnotationMembers]; is || o.Annotations[fedv1beta1.AnnotationPropagation] != "synced 1/1" {
			w.Errorf("it says %v", o.Annotations)
		}
	})
}

func TestProgressWaitsWhileMembersHaveWorkOfUsers(t *testing.T) {
	progress := state.Snapshot{Parts: []state.Part{synced("gondor"), in("rohan", delivery.Pending, "")}}
	problem := state.Snapshot{Parts: []state.Part{synced("gondor"), in("rohan", delivery.Conflict, "taken")}}
	tests := []struct {
		name          string
		busy          bool
		s             state.Snapshot
		atOnce, later int // writes within the first second, and until the sixth
	}{
		{name: "progress is written at once when there is no work", s: progress, atOnce: 1},
		{name: "progress waits for five seconds at most", busy: true, s: progress, later: 1},
		{name: "a problem does not wait", busy: true, s: problem, atOnce: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.busy.Store(tt.busy)
				w.know(configMaps, w.put(configMaps, "settings", ""), tt.s)
				after(time.Second)
				if n := w.writes(); n != tt.atOnce {
					w.Errorf("%d writes at once", n)
				}
				after(5 * time.Second)
				if n := w.writes(); n != tt.later {
					w.Errorf("%d writes later", n)
				}
			})
		})
	}
}

// When the process begins with much to do, it is done before it is told of. What users have changed meanwhile is not held up.
func TestWhatIsSaidOfObjectsAtRestWaitsForWork(t *testing.T) {
	progress := state.Snapshot{Parts: []state.Part{synced("gondor")}}
	problem := state.Snapshot{Parts: []state.Part{in("rohan", delivery.Conflict, "taken")}}
	touched := progress
	touched.Touched = true
	tests := []struct {
		name string
		s    state.Snapshot
		from time.Duration // when it is written
	}{
		{name: "progress waits for a minute at most", s: progress, from: time.Minute},
		{name: "a problem waits for five seconds at most", s: problem, from: 5 * time.Second},
		{name: "what somebody has changed does not wait", s: touched},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.catchingUp.Store(true)
				w.know(configMaps, w.put(configMaps, "settings", ""), tt.s)
				after(tt.from)
				if n := w.writes(); tt.from > 0 && n != 0 {
					w.Errorf("%d writes within %s", n, tt.from)
				}
				after(time.Second)
				if n := w.writes(); n != 1 {
					w.Errorf("%d writes a second later", n)
				}
			})
		})
	}
	inBubble(t, func(w *world) {
		w.catchingUp.Store(true)
		w.know(configMaps, w.put(configMaps, "settings", ""), progress)
		after(20 * time.Second)
		w.catchingUp.Store(false)
		after(4 * time.Second)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes when the work was done", n)
		}
	})
}

func TestTheEndOfAProblemDoesNotWait(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		w.busy.Store(true)
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("rohan", delivery.Conflict, "taken")}})
		after(2 * time.Second)
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{synced("rohan")}})
		after(time.Second)
		if text, members := w.annotations(configMaps, key); text != "synced 1/1" || members != "" {
			w.Errorf("it says %q, %q", text, members)
		}
	})
}

func TestWhatChangesDuringAWriteIsWrittenNext(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		w.refuse = func(*http.Request) int { // called while it is written for the first time
			s := w.known[key]
			if s.Parts[0].State == delivery.Pending {
				s.Parts = []state.Part{synced("gondor")}
				w.known[key] = s
				w.writer.Changed(key)
			}
			return 0
		}
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("gondor", delivery.Pending, "")}})
		after(900 * time.Millisecond)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes at once", n)
		}
		after(time.Second)
		if text, _ := w.annotations(configMaps, key); text != "synced 1/1" {
			w.Errorf("it says %q", text)
		}
	})
}

func TestOfManyMembersThoseWithProblemsAreNamed(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		var s state.Snapshot
		for i := range 300 {
			s.Parts = append(s.Parts, in(fmt.Sprintf("m%03d", i), delivery.Pending, ""))
		}
		s.Parts = append(s.Parts, in("z", delivery.Conflict, "taken"))
		w.know(configMaps, key, s)
		after(time.Second)
		_, members := w.annotations(configMaps, key)
		m, err := memberstate.Of(map[string]string{fedv1beta1.AnnotationMembers: members})
		if err != nil || m["z"].State != delivery.Conflict || m[""].More != 101 {
			w.Errorf("%d members, error %v: %s", len(m), err, members)
		}
	})
}

func TestProgressThatWaitedIsWrittenWhenTheWorkIsDone(t *testing.T) {
	inBubble(t, func(w *world) {
		w.busy.Store(true)
		w.know(configMaps, w.put(configMaps, "settings", ""), state.Snapshot{Parts: []state.Part{synced("gondor")}})
		after(time.Second)
		w.busy.Store(false)
		after(1500 * time.Millisecond)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes", n)
		}
	})
}

func TestNothingIsSaidBeforeMembersHaveLooked(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("gondor", "", ""), in("rohan", "", "")}})
		after(20 * time.Second)
		if n := w.writes(); n != 0 {
			w.Errorf("%d writes before anybody has looked", n)
		}
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{synced("gondor"), synced("rohan")}})
		after(2 * time.Second)
		w.writes()

		key = w.put(configMaps, "others", "")
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("gondor", "", ""), synced("rohan")}})
		after(time.Second)
		if n := w.writes(); n != 0 {
			w.Errorf("%d writes before gondor has looked", n)
		}
		after(2 * time.Second) // one member that is slow does not hold up the news of the others for long
		if text, _ := w.annotations(configMaps, key); text != "synced 1/2" {
			w.Errorf("it says %q", text)
		}
		w.writes()
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("gondor", "", ""), in("rohan", "", "")}}) // as after a restart
		after(20 * time.Second)
		if n := w.writes(); n != 0 {
			w.Errorf("%d writes after a restart", n)
		}
	})
}

func TestEventsTellOfTransitionsOnce(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		conflict := state.Snapshot{Parts: []state.Part{in("gondor", delivery.Conflict, "taken"), synced("rohan")}}
		steps := []struct {
			name string
			s    state.Snapshot
			want []string
		}{
			{name: "ordinary work", s: state.Snapshot{Parts: []state.Part{synced("gondor"), synced("rohan")}}},
			{name: "a conflict", s: conflict, want: []string{"Conflict settings: gondor: taken"}},
			{name: "the same conflict", s: conflict},
			{
				name: "one more member",
				s:    state.Snapshot{Parts: []state.Part{in("gondor", delivery.Conflict, "taken"), in("rohan", delivery.Conflict, "here, too")}},
				want: []string{"Conflict settings: rohan: here, too"},
			},
			{
				name: "two problems",
				s: state.Snapshot{
					Parts: []state.Part{in("gondor", delivery.Rejected, "no"), synced("rohan")},
					Notes: []string{"2 of 3 are not placed"},
				},
				want: []string{"NotPlaced settings: 2 of 3 are not placed", "Rejected settings: gondor: no"},
			},
			{name: "a malformed annotation", s: state.Snapshot{Problem: "no JSON"}, want: []string{"MalformedAnnotation settings: no JSON"}},
			{name: "still malformed", s: state.Snapshot{Problem: "no JSON"}},
			{name: "a malformed object", s: state.Snapshot{Problem: "no spec", Malformed: true}, want: []string{"Malformed settings: no spec"}},
			{name: "the same object", s: state.Snapshot{Problem: "no spec", Malformed: true}},
		}
		for _, step := range steps {
			w.know(configMaps, key, step.s)
			after(3 * time.Second)
			if diff := cmp.Diff(step.want, w.events()); diff != "" {
				w.Errorf("%s (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

func TestEventsAreNotRepeatedByAStaleSnapshot(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{in("gondor", delivery.Conflict, "taken")}})
		thaw := w.freeze(key) // the watch lags
		after(4 * time.Second)
		thaw()
		after(2 * time.Second)
		if said := w.events(); len(said) != 1 {
			w.Errorf("events: %q", said)
		}
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes", n)
		}
	})
}

func TestManyMembersThatFailAtOnceAreOneEvent(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		var s state.Snapshot
		for i := range 1000 {
			s.Parts = append(s.Parts, in(fmt.Sprintf("m%03d", i), delivery.Rejected, "quota"))
		}
		w.know(configMaps, key, s)
		after(3 * time.Second)
		w.know(configMaps, key, s)
		after(3 * time.Second)
		if diff := cmp.Diff([]string{"Rejected settings: m000, m001, m002, and 997 more: quota"}, w.events()); diff != "" {
			w.Errorf("events (-want +got):\n%s", diff)
		}
		text, members := w.annotations(configMaps, key)
		if want := "synced 0/1000; m000: Rejected: quota; m001: Rejected: quota; m002: Rejected: quota; and 997 more"; text != want {
			w.Errorf("it says %q, want %q", text, want)
		}
		m, err := memberstate.Of(map[string]string{"federation.fedhelm.io/members": members})
		if err != nil || len(m) != 201 || m[""].More != 800 {
			w.Errorf("%d members are named, %d counted, error %v", len(m), m[""].More, err)
		}
	})
}

func TestAnObjectThatHasGoneIsLeftAlone(t *testing.T) {
	for name, code := range map[string]int{"deleted": http.StatusNotFound, "made again under its name": http.StatusConflict} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				key := w.put(configMaps, "settings", "")
				w.refuse = func(*http.Request) int { return code }
				w.know(configMaps, key, state.Snapshot{Parts: []state.Part{synced("gondor")}})
				after(time.Minute)
				if n := w.writes(); n != 1 {
					w.Errorf("%d writes", n)
				}
			})
		})
	}
}

func TestAStateOfAnotherObjectOfTheNameIsNotWritten(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{synced("gondor")}})
		s, _ := w.snapshot(key)
		s.UID = "of-another"
		w.mu.Lock()
		w.stale[key] = s
		w.mu.Unlock()
		after(time.Minute)
		if n := w.writes(); n != 1 {
			w.Errorf("%d writes", n)
		}
		if text, _ := w.annotations(configMaps, key); text != "" {
			w.Errorf("it says %q", text)
		}
	})
}

func TestARefusedWriteIsTriedAgainMoreAndMoreSlowly(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(configMaps, "settings", "")
		w.refuse = func(*http.Request) int { return http.StatusForbidden }
		w.know(configMaps, key, state.Snapshot{Parts: []state.Part{synced("gondor")}})
		after(2 * time.Minute)
		if n := w.writes(); n < 6 || n > 9 { // after 0, 1, 3, 7, 15, 31, 61, 91 s
			w.Errorf("%d writes in 2 minutes", n)
		}
		w.mu.Lock()
		w.refuse = nil
		w.mu.Unlock()
		after(31 * time.Second)
		if text, _ := w.annotations(configMaps, key); text != "synced 1/1" {
			w.Errorf("it says %q", text)
		}
	})
}

func TestAStatusThatTheAPIRefusesDoesNotKeepTheRestFromBeingTold(t *testing.T) {
	inBubble(t, func(w *world) {
		key := w.put(deployments, "web", `,"spec":{"replicas":1}`)
		w.refuse = func(r *http.Request) int {
			if strings.HasSuffix(r.URL.Path, "/status") {
				return http.StatusUnprocessableEntity
			}
			return 0
		}
		p := running("gondor", 1, 1)
		p.State, p.Message = delivery.Contested, "by bob"
		w.know(deployments, key, state.Snapshot{Share: p.Wanted, Parts: []state.Part{p}})
		after(10 * time.Second)
		if text, _ := w.annotations(deployments, key); text != "synced 0/1; gondor: Contested: by bob" {
			w.Errorf("it says %q", text)
		}
		if said := w.events(); !slices.Equal(said, []string{"Contested web: gondor: by bob"}) {
			w.Errorf("events: %q", said)
		}
	})
}

func TestAWriterEndsWithItsContext(t *testing.T) {
	inBubble(t, func(w *world) {
		for i := range 100 {
			w.know(configMaps, w.put(configMaps, fmt.Sprint("c", i), ""), state.Snapshot{Parts: []state.Part{synced("gondor")}})
		}
		time.Sleep(200 * time.Millisecond) // in the middle of it: the bubble tells if anything goes on after Run
	})
}
