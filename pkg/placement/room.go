package placement

import "time"

// How long it counts that a member had no room. It counts longer each time that it is found so again right after: pods that are moved to and
// fro are worse than room that stays empty for a while.
const (
	roomLasts     = 10 * time.Minute
	roomLastsMost = time.Hour
)

// Room is what is remembered of a member that had no room for all replicas of an object: when those are taken away, the member alone shows
// nothing of it any more. The zero Room remembers nothing.
type Room struct {
	replicas int32
	seen     time.Time     // when it was last too small
	lasts    time.Duration // how long it counts from then on
}

// After returns what is remembered after a look at the member.
func (r Room) After(m *Member, now time.Time) Room {
	known := r.limits(now)
	switch {
	case m.Unschedulable > 0:
		lasts := r.lasts
		if !known {
			lasts = min(max(2*lasts, roomLasts), roomLastsMost)
		}
		return Room{replicas: count(m.settled()), seen: now, lasts: lasts}
	case known:
		r.replicas = max(r.replicas, min(m.Running, m.Replicas))
		return r
	case now.Sub(r.seen) < 2*r.lasts: // it counts no more, but what happens now shows how long it should have
		return r
	default:
		return Room{}
	}
}

// Limit is how many replicas the member has room for, as far as that counts; nil when it does not.
func (r Room) Limit(now time.Time) *int32 {
	if !r.limits(now) {
		return nil
	}
	return &r.replicas
}

// Rest is for how long that goes on to count if nothing new is seen of the member; 0 when it does not.
func (r Room) Rest(now time.Time) time.Duration {
	if !r.limits(now) {
		return 0
	}
	return r.lasts - now.Sub(r.seen)
}

func (r Room) limits(now time.Time) bool { return r.lasts > 0 && now.Sub(r.seen) < r.lasts }
