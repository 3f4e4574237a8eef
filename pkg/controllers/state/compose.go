package state

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// composed is what shall be written of an object.
type composed struct {
	annotations map[string]any  // those that change; nil takes one away
	status      json.RawMessage // a merge patch; nil if nothing changes
	events      []event
	parts       []aggregate.Part // of the status
	// soft says that what changes is progress that nobody has to hear of at once.
	soft bool
}

func (c *composed) nothing() bool { return len(c.annotations) == 0 && c.status == nil }

// compose makes the state of an object from its snapshot. An error is about the status that it has: the rest is composed without one.
func compose(s *Snapshot, now time.Time) (composed, error) {
	before, err := memberstate.Of(s.Annotations)
	if err != nil {
		before = nil // somebody else wrote it; ours takes its place
	}
	if s.Kind.Divided == kinds.Job && len(s.Status) == 0 {
		before = before.Unfinished()
	}
	all := make([]standing, len(s.Parts))
	for i := range s.Parts {
		all[i] = s.stand(&s.Parts[i], before)
	}
	var c composed
	err = s.aggregate(&c, all, now)
	members := s.members(all)
	c.annotate(s, propagationKey, s.propagation(all))
	c.annotate(s, membersKey, members.Encode())
	c.events = s.transitions(all, before)
	c.soft = c.status == nil && len(c.events) == 0 && quiet(before) && quiet(members)
	return c, err
}

func (c *composed) annotate(s *Snapshot, key, text string) {
	if s.Annotations[key] == text {
		return
	}
	if c.annotations == nil {
		c.annotations = map[string]any{}
	}
	c.annotations[key] = text
	if text == "" {
		c.annotations[key] = nil
	}
}

// aggregate makes the native status, and finds out how far each part is. What is being deleted keeps the status that it has.
func (s *Snapshot) aggregate(c *composed, all []standing, now time.Time) error {
	if !s.Kind.Status || s.Deleting {
		return nil
	}
	var of []*standing
	for i := range all {
		x := &all[i]
		leaving := !x.Selected && s.Problem == "" // of what is malformed nothing is taken away
		if leaving && (x.Copy == nil || !x.Reachable) {
			continue // what others took over from a member that cannot be reached is not counted twice
		}
		part := aggregate.Part{
			Member: x.Member, Applied: x.Selected && (x.applied() || x.unseen() && x.synced()), Leaving: leaving,
			Wanted: x.Wanted, Pending: x.Pending, Known: x.known,
		}
		if x.Copy != nil {
			part.Generation, part.Status = x.Copy.Generation, x.Copy.Status
		}
		c.parts, of = append(c.parts, part), append(of, x)
	}
	result, ok, err := aggregate.Status(aggregate.Source{
		Kind: s.Key.Kind, Generation: s.Generation, Share: s.Share, Status: s.Status, Halted: s.Problem != "", Now: now,
	}, c.parts)
	if err != nil || !ok {
		return err
	}
	for i, x := range of {
		x.progress = result.Progress[i]
		if err := result.Unreadable[i]; err != nil && x.Selected {
			x.tell("the status of its copy cannot be read: " + err.Error())
		}
	}
	c.status, err = result.Patch()
	return err
}

// members is the text for programs.
func (s *Snapshot) members(all []standing) memberstate.Members {
	type entry struct {
		*standing
		memberstate.Member
	}
	var entries []entry
	for i := range all {
		x := &all[i]
		m := memberstate.Member{State: x.state, Message: x.message}
		if x.state == delivery.Synced && x.message == "" || !x.matters() {
			m.State = ""
		}
		if s.Kind.Divided != kinds.Whole {
			m.Wanted, m.Ready = wholeOf(s.Kind.Divided, x.Wanted), x.progress.Ready
			switch {
			case x.progress.Complete:
				m.Finished = memberstate.FinishedComplete
			case x.progress.Failed:
				m.Finished = memberstate.FinishedFailed
			}
		}
		if x.matters() && m != (memberstate.Member{}) {
			entries = append(entries, entry{x, m})
		}
	}
	if len(entries) > memberstate.MostMembers {
		slices.SortStableFunc(entries, func(a, b entry) int { return urgency(a.state) - urgency(b.state) })
	}
	members := make(memberstate.Members, len(entries))
	for i, e := range entries {
		if i == memberstate.MostMembers {
			members[""] = memberstate.Member{More: len(entries) - memberstate.MostMembers}
			break
		}
		members[e.standing.Member] = e.Member
	}
	return members
}

// wholeOf is how much of what is divided a share is.
func wholeOf(d kinds.Divided, s shape.Share) int32 {
	var n *int32
	switch d {
	case kinds.Whole:
	case kinds.Replicas:
		n = s.Replicas
	case kinds.Job:
		if n = s.Completions; n == nil {
			n = s.Parallelism
		}
	case kinds.Bounds:
		n = s.MaxReplicas
	}
	if n == nil {
		return 0
	}
	return *n
}

// quiet tells that members are on their way, and nothing is wrong.
func quiet(m memberstate.Members) bool {
	for name, x := range m {
		if x.Message != "" || x.Finished != "" || name != "" && x.State != "" && !slices.Contains(fleeting, x.State) && x.State != delivery.Used {
			return false
		}
	}
	return true
}

// saysReason tells whether the text for people has the reason in it.
func (s *Snapshot) saysReason(reason string) bool {
	text := s.Annotations[propagationKey]
	return strings.HasPrefix(text, reason+": ") || strings.Contains(text, "; "+reason+": ")
}
