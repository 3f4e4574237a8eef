package aggregate

import "math"

// observed is the generation of the source that is at work in members: its own once every part was made from it and noticed by the member's
// controllers, the former one until then. noticed reports whether a copy's controllers know its generation.
func observed[S status](s Source, former int64, parts []part[S], noticed func(*part[S]) bool) int64 {
	if s.Halted {
		return former
	}
	for i := range parts {
		p := &parts[i]
		if is := p.Applied && p.seen && noticed(p); !is && !p.Leaving {
			return former
		}
	}
	return s.Generation
}

// counted is how many pods of a copy count, as those on top of the total do not. They are among those that are not ready.
func (p *Part) counted(replicas, ready int32) int32 {
	replicas, ready = max(replicas, 0), max(ready, 0)
	return replicas - min(p.Pending, max(replicas-ready, 0))
}

// needed is how many of the wanted replicas are not on top of the total.
func (p *Part) needed() int32 {
	wanted := int32Of(p.Wanted.Replicas)
	return wanted - min(p.Pending, wanted)
}

// plus adds up numbers of members, which may say what they like: below 0 is nothing, and too much is as much as there can be. Otherwise one member
// would make a sum that the API refuses.
func plus(a, b int32) int32 {
	a, b = max(a, 0), max(b, 0)
	return a + min(b, math.MaxInt32-a)
}

// sum adds up numbers that may be missing; nil if all are.
func sum(total, n *int32) *int32 {
	if n == nil {
		return total
	}
	if total == nil {
		total = new(int32)
	}
	return new(plus(*total, *n))
}
