package delivery

import (
	"testing"
	"time"
)

// A workload that has not been ready for long, and is visited seldom, makes nobody else wait.
func TestVisitsOfOthersAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	w, _, _ := newFaulty(t)
	w.run()
	first, second := Key{Kind: "deployments.apps", Name: "first"}, Key{Kind: "deployments.apps", Name: "second"}
	w.agent.visitAfter(first, mostSeldom)
	w.agent.visitAfter(second, beforeLooking)
	if wait := w.dueIn(w.agent.crews, second); wait > beforeLooking+betweenVisits {
		t.Errorf("the second is visited in %s", wait)
	}
}

// dueIn is how long a key has to wait in a queue; 0 if it does not wait there.
func (w *world) dueIn(q *queue, k Key) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	it := q.items[k]
	if it == nil || it.index < 0 {
		return 0
	}
	return it.at.Sub(q.clock.Now())
}

func TestACopyTellsThatItsPodsWereNotLookedAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		crew *crew
		want bool
	}{
		{"not of one that is ready", nil, false},
		{"of one that is not", &crew{}, true},
		{"until they have been, whatever was found", &crew{visits: 1}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := record{sight: sight{ours: true}, there: true, crew: tt.crew}
			if got := r.report().Copy.Unlooked; got != tt.want {
				t.Errorf("Unlooked is %t, want %t", got, tt.want)
			}
		})
	}
}
