package delivery

import (
	"sync"
	"sync/atomic"
)

// counts are how many keys are in states that somebody should see to.
type counts struct {
	conflicts, held atomic.Int64
	telling         sync.Mutex // who tells last tells what is so
}

func (c *counts) of(s State) *atomic.Int64 {
	switch s {
	case Conflict:
		return &c.conflicts
	case Held:
		return &c.held
	default:
		return nil
	}
}

// move counts a key that goes from one state to another.
func (c *counts) move(from, to State) {
	if n := c.of(from); n != nil {
		n.Add(-1)
	}
	if n := c.of(to); n != nil {
		n.Add(1)
	}
}

// discount takes the keys of a table that is thrown away out of the counts, for good: somebody may be at work on one of them.
func (a *Agent) discount(t *table) {
	defer a.tellCounts()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.records {
		t.counts.move(r.state, "")
		r.state = ""
	}
	t.counts = &counts{}
}

func (a *Agent) tellCounts() {
	a.counts.telling.Lock()
	defer a.counts.telling.Unlock()
	a.Metrics.conflicts.WithLabelValues(a.Member.Name).Set(float64(a.counts.conflicts.Load()))
	a.Metrics.held.WithLabelValues(a.Member.Name).Set(float64(a.counts.held.Load()))
}
