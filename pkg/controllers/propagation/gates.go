package propagation

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	// gatePause is between two looks whether a kind can be planned.
	gatePause = 100 * time.Millisecond
	// gatePatience is how long members have to say what they hold. What is remembered of them counts after that.
	gatePatience = 30 * time.Second
)

// gates keep a kind from being planned before it is known what there is: a plan without that would move what runs.
type gates struct {
	clock clock.Clock
	mu    sync.Mutex
	shut  map[kinds.ID]time.Time // since when
}

func newGates(c clock.Clock) *gates { return &gates{clock: c, shut: map[kinds.ID]time.Time{}} }

// add shuts that of a kind which begins to be followed, if it is divided.
func (g *gates) add(k kinds.Kind) {
	if k.Divided == kinds.Whole {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut[k.ID()] = g.clock.Now()
}

func (g *gates) open(id kinds.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, shut := g.shut[id]
	return !shut
}

// closed returns the kinds that cannot be planned yet, with how long they have been waiting.
func (g *gates) closed() map[kinds.ID]time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	waited := make(map[kinds.ID]time.Duration, len(g.shut))
	for id, since := range g.shut {
		waited[id] = g.clock.Since(since)
	}
	return waited
}

func (g *gates) remove(id kinds.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.shut, id)
}

// openGates opens each gate in its time, and has what waited there planned, until ctx ends.
func (c *Controller) openGates(ctx context.Context) error {
	for ctx.Err() == nil {
		for id, waited := range c.gates.closed() {
			if !c.known(id, waited) {
				continue
			}
			c.gates.remove(id)
			for _, s := range c.sources.all(id, func(s *source) bool { return !s.leaving() }) {
				c.planning.Add(s.key)
			}
		}
		c.sleep(ctx, gatePause, nil)
	}
	return nil
}

// known says whether all is known by which a kind is planned, or has been waited for long enough.
func (c *Controller) known(id kinds.ID, waited time.Duration) bool {
	if !c.counted.Load() || !c.sources.synced(id) {
		return false
	}
	if _, followed := c.sources.kind(autoscalers); followed && !c.sources.synced(autoscalers) {
		return false
	}
	if !c.sources.used(id) || waited >= gatePatience {
		return true
	}
	f := c.fleet.Load()
	for i := range f.members {
		m := &f.members[i]
		if !m.ready {
			continue
		}
		if p := c.posts.get(m.name); p == nil || !p.agent.Synced(id) {
			return false
		}
	}
	return true
}
