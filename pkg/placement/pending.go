package placement

// await leaves replicas pending where there was no room: with rebalance all that the member should have, since they are moved
// there as soon as they can run; otherwise only those that nobody else could take.
func (l *Layout) await(slots []slot, total int64, p Preferences) {
	for i := range slots {
		s := &slots[i]
		preference, _, _ := p.of(s.name)
		s.weight, s.min = int64(preference.Weight), int64(preference.Min)
		s.full, s.room = s.room < unlimited, unlimited
	}
	if p.Rebalance {
		spread(slots, total, true)
	} else {
		top(slots, total, int64(l.Unplaced))
	}
	for i := range slots {
		if s := &slots[i]; s.full {
			share := &l.Shares[s.at]
			share.Pending = max(count(s.given)-share.Replicas, 0)
		}
	}
}

// top adds left to what slots were given, of a total: minimums first, then by weight.
func top(slots []slot, total, left int64) {
	byWeight(slots)
	for i := range slots {
		s := &slots[i]
		s.hi = s.max
		s.min = min(s.min, s.hi)
		more := min(max(s.min-s.given, 0), left)
		left -= more
		s.lo = s.given + more
		s.min = min(s.min, s.lo)
	}
	fill(slots, total)
}
