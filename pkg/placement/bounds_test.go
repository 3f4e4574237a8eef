package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ranges writes bounds as MEMBER:MIN-MAX.
func ranges(bounds []Bounds) []string {
	var got []string
	for _, b := range bounds {
		got = append(got, fmt.Sprintf("%s:%d-%d", b.Member, b.Min, b.Max))
	}
	return got
}

// scaling are members, a, b, c and so on, whose autoscalers have a maximum, and run so many replicas.
func scaling(maximumAndRunning ...[2]int32) []Member {
	var members []Member
	for i, n := range maximumAndRunning {
		members = append(members, Member{Name: string(rune('a' + i)), Ready: true, Replicas: n[0], Running: n[1]})
	}
	return members
}

func TestPlanBounds(t *testing.T) {
	tests := []struct {
		name             string
		minimum, maximum int32
		members          []Member
		want             []string
	}{
		{"equally", 6, 30, ready("a", "b", "c"), []string{"a:2-10", "b:2-10", "c:2-10"}},
		{"no member", 6, 30, nil, nil},
		{"a member that is away", 6, 30, away(ready("a", "b", "c"), "b"), []string{"a:3-15", "c:3-15"}},
		{"no minimum below 1", 1, 10, ready("a", "b"), []string{"a:1-5", "b:1-5"}},
		{"a minimum of 0 is 0 everywhere", 0, 10, ready("a", "b"), []string{"a:0-5", "b:0-5"}},
		{"a minimum above the maximum", 20, 10, ready("a", "b"), []string{"a:5-5", "b:5-5"}},
		{"more members than there is to divide", 1, 2, ready("a", "b", "c"), []string{"a:1-1", "b:0-0", "c:1-1"}},
		{"then those that run something", 1, 2, scaling([2]int32{0, 0}, [2]int32{1, 1}, [2]int32{2, 2}), []string{"a:0-0", "b:1-1", "c:1-1"}},
		{"then those that have an autoscaler", 1, 2, scaling([2]int32{0, 0}, [2]int32{1, 0}, [2]int32{2, 0}), []string{"a:0-0", "b:1-1", "c:1-1"}},
		{"what there is stays", 3, 30, scaling([2]int32{20, 15}, [2]int32{5, 3}, [2]int32{5, 4}), []string{"a:1-20", "b:1-5", "c:1-5"}},
		{"a larger maximum evens out", 3, 60, scaling([2]int32{20, 15}, [2]int32{5, 3}, [2]int32{5, 4}), []string{"a:1-20", "b:1-20", "c:1-20"}},
		{"a smaller maximum takes what is not used", 3, 24, scaling([2]int32{20, 14}, [2]int32{5, 5}, [2]int32{5, 5}), []string{"a:1-14", "b:1-5", "c:1-5"}},
		{"a new member gets 1 to begin with", 3, 30, scaling([2]int32{15, 9}, [2]int32{15, 9}, [2]int32{0, 0}), []string{"a:1-15", "b:1-14", "c:1-1"}},
		{"who runs its maximum borrows", 2, 40, scaling([2]int32{20, 20}, [2]int32{20, 4}), []string{"a:1-28", "b:1-12"}},
		{"at most half of what it has", 2, 40, scaling([2]int32{4, 4}, [2]int32{36, 2}), []string{"a:1-6", "b:1-34"}},
		{"who needs all it has lends nothing", 2, 40, scaling([2]int32{20, 20}, [2]int32{20, 19}), []string{"a:1-20", "b:1-20"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ranges(PlanBounds("shop/web", tt.minimum, tt.maximum, tt.members)); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// checkBounds plans bounds and checks what must hold of all of them.
func checkBounds(t *testing.T, minimum, maximum int32, members []Member) []Bounds {
	t.Helper()
	bounds := PlanBounds("shop/web", minimum, maximum, members)
	fail := func(what string) {
		t.Errorf("%s: %d-%d of %+v are %v", what, minimum, maximum, members, ranges(bounds))
	}
	var low, high int64
	scaled := int64(0)
	for _, b := range bounds {
		low, high = low+int64(b.Min), high+int64(b.Max)
		if b.Max > 0 {
			scaled++
		}
		if b.Min < 0 || b.Min > b.Max || minimum > 0 && b.Max > 0 && b.Min < 1 {
			fail(b.Member + " has bounds that are none")
		}
	}
	if len(bounds) > 0 && high != int64(maximum) {
		fail("the maximums do not add up")
	}
	if len(bounds) > 0 && low != min(max(int64(minimum), scaled*int64(min(minimum, 1))), int64(maximum)) {
		fail("the minimums do not add up")
	}
	return bounds
}

func boundsScene(random *rand.Rand) []Member {
	var members []Member
	for i := range random.IntN(9) {
		m := Member{Name: string(rune('a' + i)), Ready: random.IntN(8) > 0}
		if random.IntN(3) > 0 {
			m.Replicas = random.Int32N(20)
			m.Running = min(random.Int32N(30), m.Replicas)
		}
		members = append(members, m)
	}
	return members
}

func TestAllBounds(t *testing.T) {
	for seed := range uint64(20000) {
		random := rand.New(rand.NewPCG(seed, 8))
		members := boundsScene(random)
		minimum, maximum := random.Int32N(20), random.Int32N(80)
		bounds := checkBounds(t, minimum, maximum, members)
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		want, got := ranges(bounds), ranges(PlanBounds("shop/web", minimum, maximum, members))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("another order of members makes other bounds:\n%s", diff)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// As long as what runs does not change, planning again and again ends at bounds that last.
func TestBoundsComeToRest(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 9))
		members := boundsScene(random)
		minimum, maximum := random.Int32N(20), random.Int32N(80)
		var last []string
		rested := false
		for range 40 {
			bounds := PlanBounds("shop/web", minimum, maximum, members)
			for _, b := range bounds {
				i := slices.IndexFunc(members, func(m Member) bool { return m.Name == b.Member })
				members[i].Replicas, members[i].Running = b.Max, min(members[i].Running, b.Max)
			}
			if rested = slices.Equal(last, ranges(bounds)); rested {
				break
			}
			last = ranges(bounds)
		}
		if !rested {
			t.Fatalf("seed %d: bounds do not come to rest: %v", seed, last)
		}
	}
}

func FuzzPlanBounds(f *testing.F) {
	f.Add(uint64(1), int32(3), int32(30))
	f.Add(uint64(2), int32(2147483647), int32(2147483647))
	f.Fuzz(func(t *testing.T, seed uint64, minimum, maximum int32) {
		checkBounds(t, max(minimum, 0), max(maximum, 0), boundsScene(rand.New(rand.NewPCG(seed, 10))))
	})
}
