package placement

import (
	"cmp"
	"slices"
)

// spread divides total among slots and returns what nobody can take. Minimums come first, then weights. Without rebalance
// nothing that has settled is moved, unless a minimum or a limit demands it: a total that is larger only adds, one that is
// smaller only takes away.
func spread(slots []slot, total int64, rebalance bool) (left int64) {
	var minimum, settled int64
	for i := range slots {
		s := &slots[i]
		s.hi = min(s.max, s.room)
		s.min = min(s.min, s.hi)
		s.lo = s.min
		minimum += s.min
		settled += s.stays()
	}
	switch {
	case minimum > total:
		grantMinimums(slots, total, rebalance)
		return 0
	case rebalance:
		return fill(slots, total)
	case settled > total:
		shrink(slots, total)
		return 0
	}
	for i := range slots {
		slots[i].lo = slots[i].stays()
	}
	return fill(slots, total)
}

// stays is what the slot has when nothing is moved without need.
func (s *slot) stays() int64 { return max(s.min, min(s.settled, s.hi)) }

// grantMinimums gives as many slots as possible their whole minimum, by weight, since fewer may be of no use to anybody.
// Without rebalance, what has settled comes first.
func grantMinimums(slots []slot, total int64, rebalance bool) {
	byWeight(slots)
	grant := func(upTo func(s *slot) int64) {
		for i := range slots {
			more := min(upTo(&slots[i])-slots[i].given, total)
			slots[i].given += more
			total -= more
		}
	}
	for i := range slots {
		slots[i].given = 0
	}
	if !rebalance {
		grant(func(s *slot) int64 { return min(s.min, s.settled) })
	}
	grant(func(s *slot) int64 { return s.min })
}

// byWeight sorts slots so that the largest weight comes first.
func byWeight(slots []slot) {
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), byRank(&a, &b))
	})
}

// shrink takes away from where more has settled than total, which is no less than all minimums: first what is not ready,
// then whatever is most above the preferences. Members that have less than their part keep it.
func shrink(slots []slot, total int64) {
	var ready int64
	for i := range slots {
		ready += slots[i].serves()
	}
	for i := range slots {
		s := &slots[i]
		if ready >= total {
			s.hi = s.serves()
		} else {
			s.lo, s.hi = s.serves(), s.stays()
		}
	}
	left := fill(slots, total)
	if left == 0 {
		return
	}
	// What weights cannot hold stays with members that have none, in proportion to what they have.
	for i := range slots {
		s := &slots[i]
		if s.weight == 0 {
			s.min, s.weight = s.lo, s.hi-s.lo
		} else {
			s.min, s.lo, s.hi, s.weight = s.given, s.given, s.given, 0
		}
	}
	fill(slots, total)
}

// serves is what of stays is ready, or asked for as a minimum.
func (s *slot) serves() int64 { return max(s.min, min(s.running, s.stays())) }
