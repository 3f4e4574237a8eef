package propagation

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// estate is members that have room for so many replicas of a Deployment. Nothing but a Report that changes has it planned again.
type estate struct {
	*stage
	key   delivery.Key
	room  map[string]int32
	wants map[string]int32     // of the copies
	since map[string]time.Time // that it is so many
	moves int                  // how often that has changed
	begun time.Time            // when the Agents began: they look at pods after a while
}

// begin has a controller plan the Deployment, which has so many replicas; with the copies of an estate, if any, that another left behind.
func begin(t *testing.T, replicas int64, preferences string, room map[string]int32, left *estate) *estate {
	t.Helper()
	e := &estate{
		stage: newStage(t, sorted(room)...), key: keyOf(deployments, "shop", "web"), room: maps.Clone(room),
		wants: map[string]int32{}, since: map[string]time.Time{}, begun: time.Now(),
	}
	go e.o.Ledger.Run(t.Context())
	web := object("web", func(o *unstructured.Unstructured) {
		o.Object["apiVersion"], o.Object["kind"] = "apps/v1", "Deployment"
		o.Object["spec"] = map[string]any{"replicas": replicas, "template": map[string]any{}}
		if preferences != "" {
			annotated(fedv1beta1.AnnotationV1DeploymentPreferences, preferences)(o)
		}
	})
	work(t.Context(), &e.running, 1, e.planning, e.plan)
	if left == nil {
		e.see(deployments, web)
		return e
	}
	e.wants, e.since = left.wants, left.since
	for name, a := range e.agents {
		e.live(name, a)
	}
	e.sources.close(deployments.ID()) // it is there when its kind begins to be followed
	e.sources.open(deployments)
	if err := (&store{c: e.Controller, kind: deployments}).Replace([]any{web}, ""); err != nil {
		t.Fatal(err)
	}
	return e
}

// pass lets time pass.
func (e *estate) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for name, a := range e.agents {
			e.live(name, a)
		}
		synctest.Wait()
	}
}

// live has a member do what is wished, and tell of it: of pods that have no room when they have had none for a minute.
func (e *estate) live(name string, a *fakeAgent) {
	w := e.wish(name, e.key)
	if w.Action == delivery.Present && (e.since[name].IsZero() || e.wants[name] != *w.Share.Replicas) {
		e.wants[name], e.since[name] = *w.Share.Replicas, time.Now()
		e.moves++
	}
	runs := min(e.wants[name], e.room[name])
	c := &delivery.Copy{
		SourceUID: "uid-of-web", Share: shape.Share{Replicas: ptr.To(e.wants[name])}, Generation: 1,
		Status: fmt.Appendf(nil, `{"observedGeneration":1,"replicas":%d,"updatedReplicas":%[1]d,"readyReplicas":%d}`, e.wants[name], runs),
	}
	switch waits := e.wants[name] - runs; {
	case waits > 0 && time.Since(e.begun) < 10*time.Second:
		c.Unlooked = true
	case time.Since(e.since[name]) >= time.Minute:
		c.Unschedulable = waits
	}
	report := delivery.Report{State: delivery.Synced, Copy: c}
	if cmp.Equal(a.Report(e.key), report) {
		return
	}
	a.mu.Lock()
	a.reports[e.key] = report
	a.mu.Unlock()
	e.reported(name, e.key)
}

// runs is how many replicas run in each member.
func (e *estate) runs() map[string]int32 {
	all := map[string]int32{}
	for name := range e.agents {
		all[name] = min(e.wants[name], e.room[name])
	}
	return all
}

// A member that had no room, and has some later, is found out by what has no place although nothing waits there.
func TestRoomThatBecomesFreeIsUsed(t *testing.T) {
	tests := []struct {
		name        string
		preferences string
		room        map[string]int32 // at first
		before      map[string]int32 // what runs then
		more        map[string]int32 // who has more room after that
		want        map[string]int32
	}{
		{
			name: "by a replica that waits in another member", room: map[string]int32{"a": 3, "b": 3}, before: map[string]int32{"a": 3, "b": 3},
			more: map[string]int32{"a": 10}, want: map[string]int32{"a": 4, "b": 3},
		},
		{
			name: "whichever of them it is", room: map[string]int32{"a": 3, "b": 3}, before: map[string]int32{"a": 3, "b": 3},
			more: map[string]int32{"b": 10}, want: map[string]int32{"a": 3, "b": 4},
		},
		{
			name: "nothing that runs is moved to find out whether a minimum can be met", preferences: `{"clusters":{"a":{"minReplicas":5},"b":{"weight":1}}}`,
			room: map[string]int32{"a": 3, "b": 9}, before: map[string]int32{"a": 3, "b": 4}, want: map[string]int32{"a": 3, "b": 4},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := begin(t, 7, tt.preferences, tt.room, nil)
				e.pass(8 * time.Minute)
				if diff := cmp.Diff(tt.before, e.runs()); diff != "" {
					t.Errorf("running at first (-want +got):\n%s", diff)
				}
				e.moves = 0
				maps.Copy(e.room, tt.more)
				e.pass(3 * time.Hour)
				if diff := cmp.Diff(tt.want, e.runs()); diff != "" {
					t.Errorf("running later (-want +got):\n%s", diff)
				}
				if tt.more == nil && e.moves > 0 {
					t.Errorf("copies were changed %d times", e.moves)
				}
			})
		})
	}
}

// What waits for room on top of the total is known only when pods have been looked at: until then a new controller moves nothing.
func TestARestartMovesNothingThatWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rebalance = `{"rebalance":true}`
		room := map[string]int32{"a": 8, "b": 20, "c": 20}
		before := begin(t, 30, rebalance, room, nil)
		before.pass(time.Hour)
		want := map[string]int32{"a": 10, "b": 11, "c": 11}
		if diff := cmp.Diff(want, before.wants); diff != "" {
			t.Errorf("copies before (-want +got):\n%s", diff)
		}
		after := begin(t, 30, rebalance, room, before)
		after.pass(time.Hour)
		if diff := cmp.Diff(want, after.wants); diff != "" || after.moves > 0 {
			t.Errorf("copies were changed %d times, and are (-want +got):\n%s", after.moves, diff)
		}
		if p := after.plans.get(after.key); p == nil {
			t.Error("nothing is planned")
		}
	})
}
