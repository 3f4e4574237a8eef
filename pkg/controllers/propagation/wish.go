package propagation

import (
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
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
	if c.fleet.Load().get(member) == nil {
		return delivery.Wish{}
	}
	if w, ok := c.tombs.get(k); ok {
		return w
	}
	if !all && !c.follower.dropped(k.Kind) {
		return delivery.Wish{}
	}
	switch owed, ok := c.o.Ledger.Owed(member, k); {
	case ok && owed.Orphan: // whatever source the copy is of: to take marks off destroys nothing
		return delivery.Wish{Action: delivery.Release, Source: owed.UID}
	case ok && c.posts.mayBeOf(member, owed):
		return delivery.Wish{Action: delivery.Absent, Source: owed.UID}
	}
	return delivery.Wish{Action: delivery.Unsourced}
}

// mayBeOf says whether what the member has, if anything, is a copy that an entry of the ledger is about. The entry may be older than the
// copy: a federation API that was restored has entries again that were settled since.
func (p *posts) mayBeOf(member string, owed ledger.Entry) bool {
	post := p.get(member)
	if post == nil {
		return false
	}
	held := post.agent.Report(owed.Key).Copy
	return held == nil || owed.Of(held.SourceUID)
}
