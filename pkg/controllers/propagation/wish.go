package propagation

import (
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// wish says what a member shall hold under a key.
func (c *Controller) wish(member string, k delivery.Key) delivery.Wish {
	s, all := c.sources.get(k)
	if s == nil {
		return c.wishWithout(member, k, all)
	}
	f := c.fleet.Load()
	at, there := f.at[member]
	switch {
	case !there:
		return delivery.Wish{}
	case s.leaving():
		return s.farewell()
	case s.problem != "", !s.guarded:
		return delivery.Wish{}
	case !f.selects(s.selector).in[at]:
		return delivery.Wish{Action: delivery.Absent, Source: s.uid}
	}
	w := delivery.Wish{Action: delivery.Present, Source: s.uid, Template: s.template, Adopt: s.adopt, Recreate: s.recreate}
	if s.divided == kinds.Whole {
		return w
	}
	p := c.plans.get(k)
	if p == nil || p.revision != s.revision {
		return delivery.Wish{} // it is being planned
	}
	part, known := p.of(member)
	switch {
	case part != nil:
		w.Share, w.Scaled, w.Unscaled, w.Done = part.share(p.divided), part.scaled, part.unscaled, part.done
		return w
	case known:
		return delivery.Wish{Action: delivery.Absent, Source: s.uid}
	default:
		return delivery.Wish{}
	}
}

// wishWithout is for a key without a source. all says that this is certain.
func (c *Controller) wishWithout(member string, k delivery.Key, all bool) delivery.Wish {
	if w, ok := c.tombs.get(k); ok {
		return w
	}
	if !all || c.fleet.Load().get(member) == nil {
		return delivery.Wish{}
	}
	if owed, ok := c.o.Ledger.Owed(member, k); ok {
		action := delivery.Absent
		if owed.Orphan {
			action = delivery.Release
		}
		return delivery.Wish{Action: action, Source: owed.UID}
	}
	return delivery.Wish{Action: delivery.Unsourced}
}
