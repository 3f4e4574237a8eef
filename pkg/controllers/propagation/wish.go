package propagation

import (
	"k8s.io/apimachinery/pkg/types"

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
	if c.fleet.Load().get(member) == nil {
		return delivery.Wish{}
	}
	if w, ok := c.tombs.get(k); ok {
		return w
	}
	if !all {
		return delivery.Wish{}
	}
	if owed, ok := c.o.Ledger.Owed(member, k); ok && c.posts.copyOf(member, k, owed.UID) {
		action := delivery.Absent
		if owed.Orphan {
			action = delivery.Release
		}
		return delivery.Wish{Action: action, Source: owed.UID}
	}
	return delivery.Wish{Action: delivery.Unsourced}
}

// copyOf says whether what the member has, if anything, is a copy of the source with the UID. An entry of the ledger may be older than the
// copy: a federation API that was restored has entries again that were settled since.
func (p *posts) copyOf(member string, k delivery.Key, source types.UID) bool {
	post := p.get(member)
	if post == nil {
		return false
	}
	held := post.agent.Report(k).Copy
	return held == nil || held.SourceUID == source
}
