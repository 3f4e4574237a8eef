package failover_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/failover"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestJudge(t *testing.T) {
	const grace, percent = 5 * time.Minute, 34
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	tests := []struct {
		name       string
		outages    []failover.Outage
		members    int
		away, held []string
		again      time.Time
	}{
		{name: "nothing is away when all are ready", members: 3},
		{
			name: "a member keeps its replicas during the grace, after which it is looked at again", members: 3,
			outages: []failover.Outage{{"a", ago(4 * time.Minute)}}, again: noon.Add(time.Minute),
		},
		{name: "a member goes when the grace is over, to the moment", members: 3, outages: []failover.Outage{{"a", ago(grace)}}, away: []string{"a"}},
		{name: "one member may always go, also one of two", members: 2, outages: []failover.Outage{{"a", ago(time.Hour)}}, away: []string{"a"}},
		{
			name: "none goes when too many went at once", members: 5,
			outages: []failover.Outage{{"a", ago(10 * time.Minute)}, {"b", ago(9 * time.Minute)}, {"c", ago(8 * time.Minute)}}, held: []string{"a", "b", "c"},
		},
		{
			name: "as many as the limit allows go at once", members: 6,
			outages: []failover.Outage{{"a", ago(10 * time.Minute)}, {"b", ago(9 * time.Minute)}}, away: []string{"a", "b"},
		},
		{
			name: "who went when there was still room stays away, and only the later one is held", members: 3,
			outages: []failover.Outage{{"a", ago(time.Hour)}, {"b", ago(6 * time.Minute)}}, away: []string{"a"}, held: []string{"b"},
		},
		{
			name: "an outage within its grace counts for one that is over", members: 3,
			outages: []failover.Outage{{"a", ago(6 * time.Minute)}, {"b", ago(4 * time.Minute)}}, held: []string{"a"}, again: noon.Add(time.Minute),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			away, held, again := failover.Judge(tt.outages, tt.members, grace, percent, noon)
			if diff := cmp.Diff(tt.away, away); diff != "" {
				t.Errorf("away (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.held, held); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
			if !again.Equal(tt.again) {
				t.Errorf("again at %s, want %s", again, tt.again)
			}
		})
	}
}

// Whatever goes out in whatever order: never more than the limit are away, who is away stays so while nothing changes, nothing changes
// before the time that was said, and the order in which outages come is irrelevant.
func TestJudgeProperties(t *testing.T) {
	const grace = time.Minute
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		members, percent := 1+random.IntN(12), random.IntN(101)
		var outages []failover.Outage
		for i := range random.IntN(members + 1) {
			outages = append(outages, failover.Outage{fmt.Sprint(i), noon.Add(time.Duration(random.IntN(240)) * time.Second)})
		}
		var before []string
		for now := noon; now.Before(noon.Add(6 * time.Minute)); {
			away, held, again := failover.Judge(outages, members, grace, percent, now)
			if most := max(members*percent/100, 1); len(away) > most {
				t.Fatalf("seed %d: %d of %d are away, more than %d", seed, len(away), members, most)
			}
			for _, m := range before {
				if !slices.Contains(away, m) {
					t.Fatalf("seed %d: %s is not away any more at %s", seed, m, now)
				}
			}
			shuffled := slices.Clone(outages)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			other, _, _ := failover.Judge(shuffled, members, grace, percent, now)
			slices.Sort(other)
			if sorted := slices.Sorted(slices.Values(away)); !slices.Equal(sorted, other) {
				t.Fatalf("seed %d: %v are away, and in another order %v", seed, sorted, other)
			}
			if again.IsZero() {
				break
			}
			sameAway, sameHeld, _ := failover.Judge(outages, members, grace, percent, again.Add(-time.Nanosecond))
			if !slices.Equal(away, sameAway) || !slices.Equal(held, sameHeld) {
				t.Fatalf("seed %d: the answer of %s changes before %s", seed, now, again)
			}
			before, now = away, again
		}
	}
}
