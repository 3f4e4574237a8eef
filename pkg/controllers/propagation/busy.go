package propagation

import (
	"sync"
	"time"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// busyFor is how long an answer whether members are busy counts: all of them are asked for it.
const busyFor = 200 * time.Millisecond

// busy remembers such an answer.
type busy struct {
	mu      sync.Mutex
	waiting [delivery.User + 1]bool
	until   time.Time
}

// Busy says whether a member that is ready has work of a priority left.
func (c *Controller) Busy(p delivery.Priority) bool {
	c.busy.mu.Lock()
	defer c.busy.mu.Unlock()
	if now := c.o.Clock.Now(); now.After(c.busy.until) {
		c.busy.waiting, c.busy.until = c.waiting(), now.Add(busyFor)
	}
	return c.busy.waiting[p]
}

func (c *Controller) waiting() (waiting [delivery.User + 1]bool) {
	f := c.fleet.Load()
	for name, p := range c.posts.list() {
		if m := f.get(name); m != nil && m.ready {
			for priority, n := range p.agent.Standing().Queued {
				waiting[priority] = waiting[priority] || n > 0
			}
		}
	}
	return waiting
}
