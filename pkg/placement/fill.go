package placement

import (
	"cmp"
	"math"
	"slices"
)

// unlimited is more than any number of replicas.
const unlimited = int64(1) << 31

// count makes a number of replicas out of one that no total is less than.
func count(n int64) int32 { return int32(max(min(n, math.MaxInt32), 0)) }

// slot is a member that takes part in a division.
type slot struct {
	name string
	at   int // which share of the layout is this member's
	rank uint64

	weight    int64
	min       int64 // asked for by the preferences; the weight's part comes on top
	max, room int64 // at most this by the preferences, and by what the member has shown to have room for
	full      bool  // what was tried, and room is put aside
	settled   int64 // has found its place in the member
	running   int64 // and is ready

	lo, hi int64 // what fill keeps to
	given  int64 // what fill gives
	rest   int64 // the remainder of its share, in units of one weights-th
}

// over says that the share is more than hi. given is the share rounded down.
func (s *slot) over() bool { return s.given > s.hi || s.given == s.hi && s.rest > 0 }

// fill gives every slot clamp(min + level·weight, lo, hi), with the one level at which all gifts add up to total, rounded by
// largest remainder. It returns what is left because every slot with a weight is at its hi. It may change the order of slots.
// It needs min <= lo <= hi of every slot, and total no less than the sum of all lo.
//
// It looks for those that lo or hi holds, level by level: while the clamped shares add up to too much, the true level is
// lower, and whoever is held up by lo now is so there; while to too little, the same goes for those held down by hi.
func fill(slots []slot, total int64) (left int64) {
	spare, weights := total, int64(0) // to divide among open, and by what
	for i := range slots {
		spare -= slots[i].min
		weights += slots[i].weight
	}
	open := slots
	pin := func(i int, given int64) {
		s := &open[i]
		s.given = given
		spare -= given - s.min
		weights -= s.weight
		last := len(open) - 1
		open[i], open[last] = open[last], open[i]
		open = open[:last]
	}
	for i := len(open) - 1; i >= 0; i-- {
		if open[i].weight == 0 {
			pin(i, open[i].lo)
		}
	}
	for len(open) > 0 {
		low, high := measure(open, spare, weights)
		if !low && !high {
			roundUp(open, spare)
			return 0
		}
		for i := len(open) - 1; i >= 0; i-- {
			switch s := &open[i]; {
			case low && s.given < s.lo:
				pin(i, s.lo)
			case high && s.over():
				pin(i, s.hi)
			}
		}
	}
	return spare
}

// measure works out the share of every open slot, and says whether those held by lo or those held by hi can be pinned there;
// neither, if no slot is held.
func measure(open []slot, spare, weights int64) (low, high bool) {
	// The clamped shares add up to total + excess - rests/weights.
	var excess, rests int64
	held := false
	for i := range open {
		s := &open[i]
		product := spare * s.weight // both are below 2^31
		s.given, s.rest = s.min+product/weights, product%weights
		switch {
		case s.given < s.lo:
			excess += s.lo - s.given
		case s.over():
			excess += s.hi - s.given
		default:
			continue
		}
		rests += s.rest
		held = true
	}
	tooMuch := excess > rests/weights
	return held && tooMuch, held && !tooMuch
}

// roundUp gives what rounding down left of spare, one each, to those with the largest remainders. Of equal remainders, that of
// a member comes first that has the replica already, then that of the larger weight.
func roundUp(open []slot, spare int64) {
	for i := range open {
		spare -= open[i].given - open[i].min
	}
	if spare == 0 {
		return
	}
	order := make([]*slot, len(open)) // slots are too large to be sorted themselves
	for i := range open {
		order[i] = &open[i]
	}
	slices.SortFunc(order, func(a, b *slot) int {
		return cmp.Or(cmp.Compare(b.rest, a.rest), compareBool(b.settled > b.given, a.settled > a.given),
			cmp.Compare(b.weight, a.weight), byRank(a, b))
	})
	for _, s := range order[:spare] {
		s.given++
	}
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
