package placement

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkPlan plans and checks what must hold of every plan. It returns the layout.
func checkPlan(t *testing.T, total int32, p Preferences, members []Member) Layout {
	t.Helper()
	l := Plan("shop/web", total, p, members)
	fail := func(what string) { t.Errorf("%s: %d replicas, %+v\nof %+v\nare %+v", what, total, p, members, l) }

	byName := map[string]*Member{}
	for i := range members {
		byName[members[i].Name] = &members[i]
	}
	sum, waiting, minimums := int64(l.Unplaced), int64(0), int64(0)
	for _, share := range l.Shares {
		m := byName[share.Member]
		preference, _, ok := p.of(share.Member)
		sum += int64(share.Replicas)
		waiting += int64(share.Pending)
		minimums += min(int64(preference.Min), m.room())
		switch {
		case !m.Ready:
			fail(share.Member + " is not ready")
		case share.Replicas < 0 || share.Pending < 0:
			fail(share.Member + " has less than nothing")
		case !ok && share.Wanted() != 0:
			fail(share.Member + " is not wanted by the preferences")
		case preference.Max != nil && share.Wanted() > *preference.Max:
			fail(share.Member + " is over its maximum")
		case int64(share.Replicas) > m.room():
			fail(share.Member + " has more than it has room for")
		case share.Pending > 0 && m.room() == unlimited:
			fail(share.Member + " has some pending, and room")
		}
	}
	if sum != int64(total) {
		fail("replicas get lost, or more")
	}
	if !p.Rebalance && waiting > int64(l.Unplaced) {
		fail("more are pending than are not placed")
	}
	if (l.Unplaced > 0) != (len(l.Notes) > 0 && l.Notes[0][0] >= '0' && l.Notes[0][0] <= '9') {
		fail("the notes do not say what is not placed")
	}
	for _, share := range l.Shares {
		m := byName[share.Member]
		preference, _, _ := p.of(share.Member)
		if minimums <= int64(total) && int64(share.Replicas) < min(int64(preference.Min), m.room()) {
			fail(share.Member + " has less than its minimum though there are enough")
		}
		if l.Unplaced > 0 && preference.Weight > 0 && int64(share.Replicas) < m.room() && (preference.Max == nil || share.Replicas < *preference.Max) {
			fail(share.Member + " could take more")
		}
	}
	return l
}

// checkStability plans the same in another order, then again from where the plan leads.
func checkStability(t *testing.T, total int32, p Preferences, members []Member, l Layout, random *rand.Rand) {
	t.Helper()
	shuffled := slices.Clone(members)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	other := Plan("shop/web", total, p, shuffled)
	if diff := cmp.Diff(replicas(l), replicas(other)); diff != "" {
		t.Errorf("another order of members makes another plan:\n%s", diff)
	}
	if diff := cmp.Diff(pending(l), pending(other)); diff != "" {
		t.Errorf("another order of members leaves others pending:\n%s", diff)
	}
	if diff := cmp.Diff(l.Notes, other.Notes); diff != "" {
		t.Errorf("another order of members makes other notes:\n%s", diff)
	}
	if diff := cmp.Diff(replicas(l), replicas(Plan("shop/web", total, p, settled(members, l)))); diff != "" {
		t.Errorf("the plan does not last when it has come true:\n%s", diff)
	}
}

// settled are the members when the layout has come true: what is pending waits, and where there was no room this is remembered.
func settled(members []Member, l Layout) []Member {
	after := slices.Clone(members)
	got, waits := replicas(l), pending(l)
	for i := range after {
		m := &after[i]
		if !m.Ready {
			continue
		}
		if m.Unschedulable > 0 {
			m.Room = limit(count(m.settled()))
		}
		m.Running, m.Unschedulable = got[m.Name], waits[m.Name]
		m.Replicas = m.Running + m.Unschedulable
	}
	return after
}

// checkNoNeedlessMoves compares a layout without rebalance, where limits leave all as it is, with what was there.
func checkNoNeedlessMoves(t *testing.T, total int32, p Preferences, members []Member, l Layout) {
	t.Helper()
	var before int64
	for i := range members {
		m := &members[i]
		preference, _, ok := p.of(m.Name)
		if !m.Ready && m.Replicas > 0 || !ok && m.Replicas > 0 || m.settled() < int64(preference.Min) || preference.Max != nil && m.settled() > int64(*preference.Max) {
			return // there is need
		}
		if m.Ready {
			before += m.settled()
		}
	}
	got := replicas(l)
	for i := range members {
		m := &members[i]
		if !m.Ready {
			continue
		}
		if now := int64(got[m.Name]); before <= int64(total) && now < m.settled() || before >= int64(total) && now > m.settled() {
			t.Errorf("from %d to %d replicas in all, %s goes from %d to %d\n%+v\n%+v", before, total, m.Name, m.settled(), now, p, members)
		}
	}
}

// scene is a plan to be made, of small numbers, in which limits often hold.
func scene(random *rand.Rand) (total int32, p Preferences, members []Member) {
	up := func(n int) int32 { return int32(random.IntN(n)) }
	total = up(60)
	p = prefer(random.IntN(2) == 0, map[string]Preference{})
	preference := func() Preference {
		wanted := Preference{Weight: up(4)}
		if random.IntN(3) == 0 {
			wanted.Min = up(8)
		}
		if random.IntN(3) == 0 {
			wanted.Max = limit(wanted.Min + up(15))
		}
		if random.IntN(20) == 0 {
			wanted.Weight = math.MaxInt32 - up(3)
		}
		return wanted
	}
	if random.IntN(4) > 0 {
		p.Clusters["*"] = preference()
	}
	for i := range random.IntN(9) {
		m := Member{Name: string(rune('a' + i)), Ready: random.IntN(8) > 0}
		if random.IntN(2) == 0 {
			p.Clusters[m.Name] = preference()
		}
		if random.IntN(2) == 0 {
			m.Replicas = up(30)
			m.Running = up(int(m.Replicas) + 1)
		}
		if random.IntN(4) == 0 {
			m.Unschedulable = up(int(m.Replicas) + 1)
		}
		members = append(members, m)
	}
	return total, p, members
}

func TestEveryPlan(t *testing.T) {
	for seed := range uint64(20000) {
		random := rand.New(rand.NewPCG(seed, 1))
		total, p, members := scene(random)
		l := checkPlan(t, total, p, members)
		checkStability(t, total, p, members, l, random)
		if !p.Rebalance {
			checkNoNeedlessMoves(t, total, p, members, l)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestUnconstrainedSharesAreProportionalWithinOne(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 2))
		p := prefer(true, map[string]Preference{})
		var members []Member
		var weights int64
		for i := range 1 + random.IntN(12) {
			m := Member{Name: string(rune('a' + i)), Ready: true, Replicas: int32(random.IntN(20))}
			weight := random.Int32N(9)
			p.Clusters[m.Name] = Preference{Weight: weight}
			weights += int64(weight)
			members = append(members, m)
		}
		total := random.Int32N(1000)
		for _, share := range Plan("shop/web", total, p, members).Shares {
			if weights == 0 {
				continue
			}
			exact := float64(total) * float64(p.Clusters[share.Member].Weight) / float64(weights)
			if math.Abs(float64(share.Replicas)-exact) >= 1 {
				t.Errorf("seed %d: %s gets %d, its part is %.2f", seed, share.Member, share.Replicas, exact)
			}
		}
	}
}

// From a layout that is as the preferences say, shrinking leads to one that is so, too, within the one of rounding.
func TestShrinkingIsProportional(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		p := prefer(false, map[string]Preference{})
		members := ready("a", "b", "c", "d", "e")
		var weights int64
		for i := range members {
			weight := 1 + random.Int32N(9)
			p.Clusters[members[i].Name] = Preference{Weight: weight}
			weights += int64(weight)
		}
		total := random.Int32N(500)
		members = settled(members, Plan("shop/web", total, p, members))
		for total > 0 {
			total = random.Int32N(total)
			for _, share := range Plan("shop/web", total, p, members).Shares {
				exact := float64(total) * float64(p.Clusters[share.Member].Weight) / float64(weights)
				if math.Abs(float64(share.Replicas)-exact) > 1 {
					t.Errorf("seed %d: of %d, %s gets %d, its part is %.2f", seed, total, share.Member, share.Replicas, exact)
				}
			}
			members = settled(members, Plan("shop/web", total, p, members))
		}
	}
}

// Scaling what is laid out, by the same preferences, moves nothing from one member to another.
func TestScalingEitherAddsOrTakes(t *testing.T) {
	for seed := range uint64(5000) {
		random := rand.New(rand.NewPCG(seed, 11))
		total, p, members := scene(random)
		p.Rebalance = false
		for i := range members {
			members[i].Unschedulable = 0
		}
		for range 4 {
			before := Plan("shop/web", total, p, members)
			members = settled(members, before)
			last := total
			total = random.Int32N(90)
			after := replicas(Plan("shop/web", total, p, members))
			for _, share := range before.Shares {
				if now := after[share.Member]; total >= last && now < share.Replicas || total <= last && now > share.Replicas {
					t.Fatalf("seed %d: from %d to %d replicas in all, %s goes from %d to %d\n%+v\n%+v", seed, last, total, share.Member, share.Replicas, now, p, members)
				}
			}
		}
	}
}

func TestMoreRoomNeverLeavesMoreUnplaced(t *testing.T) {
	for seed := range uint64(5000) {
		random := rand.New(rand.NewPCG(seed, 4))
		total, p, members := scene(random)
		before := Plan("shop/web", total, p, members).Unplaced
		for i := range members {
			if random.IntN(2) == 0 {
				members[i].Unschedulable = 0
			}
		}
		if after := Plan("shop/web", total, p, members).Unplaced; after > before {
			t.Errorf("seed %d: %d were unplaced, with more room %d", seed, before, after)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(uint64(1), int32(50), int32(1), int32(math.MaxInt32))
	f.Add(uint64(2), int32(math.MaxInt32), int32(math.MaxInt32), int32(0))
	f.Fuzz(func(t *testing.T, seed uint64, total, weight, limited int32) {
		random := rand.New(rand.NewPCG(seed, 5))
		_, p, members := scene(random)
		if len(members) > 0 && weight >= 0 && limited >= 0 {
			p.Clusters[members[0].Name] = Preference{Weight: weight, Max: &limited}
		}
		total = max(total, 0)
		l := checkPlan(t, total, p, members)
		checkStability(t, total, p, members, l, random)
		if !p.Rebalance {
			checkNoNeedlessMoves(t, total, p, members, l)
		}
	})
}
