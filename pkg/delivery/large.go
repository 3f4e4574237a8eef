package delivery

import (
	"slices"
	"sync"
)

// largeBody is the size from which an apply takes the one slot that there is for such, so that they do not stand in the way of others.
const largeBody = 256 << 10

// largeSlot is taken by one large apply at a time.
type largeSlot struct {
	mu      sync.Mutex
	taken   bool
	next    Key // who was called from the line, and has not come yet
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
	if s.next == k {
		s.next = Key{}
	}
	if s.taken {
		at := slices.IndexFunc(s.waiting, func(w waiter) bool { return w.key == k })
		if at >= 0 { // its source has changed meanwhile
			s.waiting[at].priority = max(s.waiting[at].priority, p)
		} else {
			s.waiting = append(s.waiting, waiter{k, p})
		}
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
	return s.call()
}

// pass returns who is next in line if it was the key's turn, which has not taken the slot: it does not need it any more.
func (s *largeSlot) pass(k Key) (waiter, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != k {
		return waiter{}, false
	}
	s.next = Key{}
	if s.taken { // who has it calls the next
		return waiter{}, false
	}
	return s.call()
}

func (s *largeSlot) call() (waiter, bool) {
	if len(s.waiting) == 0 {
		return waiter{}, false
	}
	next := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.next = next.key
	return next, true
}

// nextLarge gives the slot back.
func (a *Agent) nextLarge() {
	if next, ok := a.large.free(); ok {
		a.queue.add(next.key, next.priority)
	}
}

// passLarge has the next in line come for the slot if the key did not when it was its turn.
func (a *Agent) passLarge(k Key) {
	if next, ok := a.large.pass(k); ok {
		a.queue.add(next.key, next.priority)
	}
}
