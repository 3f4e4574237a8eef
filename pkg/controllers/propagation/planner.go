package propagation

import (
	"context"
	"slices"
	"time"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// replanPause is how long the numbers of copies may go on changing before they are looked at.
const replanPause = 200 * time.Millisecond

// unsurePause is between two looks whether it is known of all copies why they are not ready.
const unsurePause = 2 * time.Second

// plan makes the plan of a source that is divided, and has members look at what is another for them now.
func (c *Controller) plan(_ context.Context, key delivery.Key) {
	s, _ := c.sources.get(key)
	kind, ok := c.sources.kind(key.Kind)
	if s == nil || !ok || s.leaving() {
		c.plans.drop(key)
		return
	}
	if s.problem != "" || !s.guarded || !c.gates.open(key.Kind) {
		return // and when that is another, it is planned
	}
	if scaler := c.sources.scaler(key); scaler != nil && c.plans.get(scaler.key) == nil {
		return // and it is planned after its autoscaler
	}
	before := c.plans.get(key)
	if before == nil && c.unsure(kind, s) {
		c.planning.AddAfter(key, unsurePause)
		return
	}
	next := c.draw(kind, s, before)
	c.plans.put(key, next)
	if next.lasts > 0 {
		c.planning.AddAfter(key, next.lasts)
	}
	var names []string
	switch {
	case before == nil:
		names = c.concerned(nil, s)
	case before.revision != next.revision:
		names = c.concerned(&source{wanted: wanted{selector: before.selector}}, s)
	default:
		if names = next.differs(before); len(names) == 0 && slices.Equal(next.notes, before.notes) {
			return
		}
	}
	c.want(key, c.plans.hurried(key), names)
	c.o.Changed(key)
	c.replanScaled(s)
}

// unsure says of replicas that may be moved that it is not known yet which of them wait for room: after a start, a plan would stop as many of those
// that run elsewhere, and the next one make them anew. It is known in a while, and not waited for where the object was changed.
func (c *Controller) unsure(k kinds.Kind, s *source) bool {
	if k.Divided != kinds.Replicas || s.touched || c.o.Clock.Since(s.seen) >= gatePatience || c.sources.scaler(s.key) != nil {
		return false
	}
	if d := (&drawing{kind: k, source: s}); !d.preferences().Rebalance {
		return false
	}
	r := c.fleet.Load().roster
	return slices.ContainsFunc(r.selects(s.selector).all, func(at int) bool {
		p := c.posts.get(r.names[at])
		if p == nil {
			return false
		}
		copied := p.agent.Report(s.key).Copy
		return copied != nil && copied.Unlooked
	})
}

// replanAll has all sources that are divided planned again.
func (c *Controller) replanAll() {
	for _, k := range c.sources.kinds() {
		if k.Divided == kinds.Whole {
			continue
		}
		for _, s := range c.sources.all(k.ID(), func(s *source) bool { return !s.leaving() }) {
			c.planning.Add(s.key)
		}
	}
}

// draw makes a plan.
func (c *Controller) draw(k kinds.Kind, s *source, before *plan) *plan {
	d := &drawing{kind: k, source: s, before: before, remembered: s.remembered(), now: c.o.Clock.Now()}
	d.roster = c.fleet.Load().roster
	d.selected = d.roster.selects(s.selector).all
	d.copies = make([]copied, len(d.selected))
	for i, at := range d.selected {
		d.copies[i] = c.copied(k, s, d.roster.names[at], d)
	}
	switch k.Divided {
	case kinds.Job:
		return d.job()
	case kinds.Bounds:
		return d.bounds()
	default:
		if scaler := c.sources.scaler(s.key); scaler != nil {
			return d.scaled(c.boundsOf(scaler))
		}
		return d.replicas()
	}
}

// boundsOf says what an autoscaler's plan gives a member; false if that is not known.
func (c *Controller) boundsOf(scaler *source) func(member string) (lo, hi int32, known bool) {
	p := c.plans.get(scaler.key)
	return func(member string) (int32, int32, bool) {
		if p == nil {
			return 0, 0, false
		}
		part, known := p.of(member)
		if part == nil {
			return 0, 0, known
		}
		return part.a, part.b, true
	}
}
