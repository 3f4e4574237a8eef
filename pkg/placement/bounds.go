package placement

import (
	"cmp"
	"slices"
)

// Bounds are those of the HorizontalPodAutoscaler in one member.
type Bounds struct {
	Member   string
	Min, Max int32 // both 0: the member gets no autoscaler, and no replicas of what it scales
}

// PlanBounds divides the bounds of a HorizontalPodAutoscaler among the members that are ready, equally. Its Max is divided
// exactly. No member that gets an autoscaler has a Min below 1, so the sum of all Min is more than minimum where there are
// more members; only a minimum of 0, which lets the autoscaler stop the workload, is 0 everywhere. Of more members than
// maximum, some get none. Bounds come for every member that is ready, in the order of the members given.
//
// Of a member, Replicas is the Max that its autoscaler has now (0: it has none) and Running what it runs. A member that runs
// its Max is given more by those that run less than theirs, at most half of what these do not use, so that bounds come to rest.
func PlanBounds(key string, minimum, maximum int32, members []Member) []Bounds {
	bounds := make([]Bounds, 0, len(members))
	slots := make([]slot, 0, len(members))
	for i := range members {
		if m := &members[i]; m.Ready {
			s := newSlot(key, m, Preference{Min: 1, Weight: 1}, len(bounds))
			s.room, s.settled = unlimited, int64(m.Replicas)
			slots = append(slots, s)
			bounds = append(bounds, Bounds{Member: m.Name})
		}
	}
	total := int64(max(maximum, 0))
	slots = scaled(slots, total)
	if len(slots) == 0 {
		return bounds
	}
	spread(slots, total, false)
	lend(slots)
	for i := range slots {
		bounds[slots[i].at].Max = count(slots[i].given)
	}
	if minimum <= 0 {
		return bounds
	}
	for i := range slots {
		s := &slots[i]
		s.weight, s.min, s.lo, s.hi = 1, 1, 1, s.given
	}
	fill(slots, max(min(int64(minimum), total), int64(len(slots))))
	for i := range slots {
		bounds[slots[i].at].Min = count(slots[i].given)
	}
	return bounds
}

// scaled are the slots that get an autoscaler: all, or as many as can have a Max of 1. Those that run the most come first.
func scaled(slots []slot, total int64) []slot {
	if int64(len(slots)) <= total {
		return slots
	}
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(b.running, a.running), cmp.Compare(b.settled, a.settled), byRank(&a, &b))
	})
	return slots[:total]
}

// lend moves bounds from slots that do not use theirs to slots that run all they may. A lender keeps at least half of what it
// does not use, so it is not at its bound in turn; a borrower gets at most half of what it has.
func lend(slots []slot) {
	var offered, asked, lent, borrowed int64 // the last two: what lenders and borrowers have
	borrowers := 0
	for i := range slots {
		s := &slots[i]
		s.lo, s.hi = s.given, s.given
		if s.running >= s.given {
			s.hi += (s.given + 1) / 2
			asked += s.hi - s.lo
			borrowed += s.given
			slots[i], slots[borrowers] = slots[borrowers], slots[i]
			borrowers++
		} else {
			s.lo -= (s.given - s.running) / 2
			offered += s.hi - s.lo
			lent += s.given
		}
	}
	moved := min(offered, asked)
	if moved == 0 {
		return
	}
	for i := range slots {
		s := &slots[i]
		s.min, s.weight = s.lo, s.hi-s.lo // in proportion to what is offered, and to what is asked for
	}
	fill(slots[:borrowers], borrowed+moved)
	fill(slots[borrowers:], lent-moved)
}
