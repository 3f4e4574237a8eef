package delivery

import "sync"

// largeBody is the size from which an apply takes the one slot that there is for such, so that they do not stand in the way of others.
const largeBody = 256 << 10

// largeSlot is taken by one large apply at a time.
type largeSlot struct {
	mu      sync.Mutex
	taken   bool
	waiting []waiter
}

type waiter struct {
	key      Key
	priority Priority
}

// take takes the slot, or stands in line for it.
func (s *largeSlot) take(k Key, p Priority) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		s.waiting = append(s.waiting, waiter{k, p})
		return false
	}
	s.taken = true
	return true
}

// free gives the slot back, and returns who is next in line.
func (s *largeSlot) free() (waiter, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = false
	if len(s.waiting) == 0 {
		return waiter{}, false
	}
	next := s.waiting[0]
	s.waiting = s.waiting[1:]
	return next, true
}

// nextLarge gives the slot back.
func (a *Agent) nextLarge() {
	if next, ok := a.large.free(); ok {
		a.queue.add(next.key, next.priority)
	}
}
