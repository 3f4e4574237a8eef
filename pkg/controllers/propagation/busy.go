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
	mu    sync.Mutex
	is    bool
	until time.Time
}

// Busy says whether a member has work left that somebody waits for.
func (c *Controller) Busy() bool {
	c.busy.mu.Lock()
	defer c.busy.mu.Unlock()
	if now := c.o.Clock.Now(); now.After(c.busy.until) {
		c.busy.is, c.busy.until = c.working(), now.Add(busyFor)
	}
	return c.busy.is
}

func (c *Controller) working() bool {
	f := c.fleet.Load()
	for name, p := range c.posts.list() {
		if m := f.get(name); m != nil && m.ready && p.agent.Standing().Queued[delivery.User] > 0 {
			return true
		}
	}
	return false
}
