package propagation

import (
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Snapshot says how it stands with an object; false if it is not federated, or if not enough is known yet to say anything.
func (c *Controller) Snapshot(key delivery.Key) (state.Snapshot, bool) {
	s, _ := c.sources.get(key)
	kind, ok := c.sources.kind(key.Kind)
	if s == nil || s.excluded || !ok || !c.counted.Load() {
		return state.Snapshot{}, false
	}
	shot := state.Snapshot{
		Kind: kind, Key: key, UID: s.uid, ResourceVersion: s.resourceVersion, Generation: s.generation, Deleting: s.deleting,
		Share: s.share, Annotations: s.annotations, Status: s.status, Helm: s.helm, Problem: s.problem, Malformed: s.malformed, Touched: s.touched,
	}
	p, ok := c.planned(s)
	if !ok {
		return state.Snapshot{}, false
	}
	if p != nil {
		shot.Notes = p.notes
	}
	f := c.fleet.Load()
	in, posts := f.selects(s.selector).in, c.posts.list()
	for i := range f.members {
		m := &f.members[i]
		if part, of := c.portion(s, p, m, posts[m.name], in[i]); of {
			shot.Parts = append(shot.Parts, part)
		}
	}
	return shot, true
}

// planned returns the plan of a source; nil if it needs none. ok is false while it is to come.
func (c *Controller) planned(s *source) (p *plan, ok bool) {
	if s.divided == kinds.Whole || s.problem != "" || s.leaving() {
		return nil, true
	}
	p = c.plans.get(s.key)
	return p, p != nil && p.revision == s.revision
}

// portion is how it stands with the object in one member; false if the member has nothing to do with it.
func (c *Controller) portion(s *source, p *plan, m *member, at *post, selected bool) (state.Part, bool) {
	part := state.Part{Member: m.name, Selected: selected && s.problem == "" && !s.leaving(), Reachable: m.ready, Unproven: !m.proven}
	if at != nil {
		part.Report = at.agent.Report(s.key)
		if part.State == delivery.Pending && !at.agent.Synced(s.key.Kind) {
			part.State, part.Message = "", "" // its copies are not known yet: that is no news of this one
		}
	}
	if part.Selected && p != nil {
		if got, _ := p.of(m.name); got != nil {
			part.Wanted, part.Pending = got.share(p.divided), got.pending
			part.WantedHash = s.template.Hash(part.Wanted)
			if got.scaled {
				part.Wanted.Replicas = nil
			}
		} else {
			part.Selected = false
		}
	} else if part.Selected {
		part.WantedHash = s.hash
	}
	if part.Copy != nil && s.former(part.Copy) {
		part.Copy.Status = nil
		if part.Selected {
			part.Copy = nil // there is none yet
		}
	}
	if !part.Reachable {
		part.State, part.Message = delivery.Unreachable, m.why
	}
	return part, part.Selected || part.Copy != nil
}
