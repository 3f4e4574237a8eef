package propagation

import (
	"context"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// place is a key in a member.
type place struct {
	member string
	key    delivery.Key
}

// land looks at a place that somebody waits to hear of: a copy that is on its way, or something that the member owes.
func (c *Controller) land(_ context.Context, at place) {
	p := c.posts.get(at.member)
	if p == nil {
		return
	}
	report := p.agent.Report(at.key)
	s, _ := c.sources.get(at.key)
	if owed, ok := c.o.Ledger.Owed(at.member, at.key); ok && paid(report, s != nil) {
		c.o.Ledger.Settle(at.member, owed)
	}
	if s == nil || report.State != delivery.Synced || report.Hash != c.hashFor(s, at.member) {
		return
	}
	if seen, ok := c.flights.landed(at.member, at.key); ok {
		c.metrics.distribution.Observe(c.o.Clock.Since(seen).Seconds())
	}
}

// paid says whether the member has done what it owed, or need not since there is a source again.
func paid(r delivery.Report, sourced bool) bool {
	if sourced {
		return r.State == delivery.Synced || r.Copy == nil && r.State == delivery.Gone
	}
	return r.Copy == nil && (r.State == delivery.Gone || r.State == delivery.Kept)
}

// hashFor is that of what a member shall have; "" if it shall have nothing.
func (c *Controller) hashFor(s *source, member string) string {
	if s.template == nil || s.leaving() {
		return ""
	}
	if s.divided == kinds.Whole {
		return s.hash
	}
	p := c.plans.get(s.key)
	if p == nil || p.revision != s.revision {
		return ""
	}
	part, _ := p.of(member)
	if part == nil {
		return ""
	}
	return s.template.Hash(part.share(p.divided))
}
