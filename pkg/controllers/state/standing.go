package state

import (
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
)

// standing is how one member counts.
type standing struct {
	*Part
	state    delivery.State
	message  string
	progress aggregate.Known
	known    *aggregate.Known // remembered of a copy that cannot be seen, or whose status cannot be read
}

// problems are the states that somebody should do something about. Each is an event when it begins.
var problems = []delivery.State{
	delivery.Conflict, delivery.Contested, delivery.Rejected, delivery.Immutable, delivery.NotServed, delivery.Forbidden,
}

// fleeting are the states that end by themselves, or when the member answers again.
var fleeting = []delivery.State{"", delivery.Pending, delivery.Throttled, delivery.Unreachable, delivery.Terminating, delivery.NoNamespace}

// stand judges a part. Of a member that cannot be reached holds what was seen last; of one that was not seen since the process began, what
// was written of it.
func (s *Snapshot) stand(p *Part, before memberstate.Members) standing {
	x := standing{Part: p, state: p.State, message: p.Message}
	written, named := before[p.Member]
	if written.Finished != "" && p.Copy == nil || p.Copy != nil && p.Copy.Status != nil {
		x.known = remembered(written)
	}
	unreachable := !p.Reachable || p.State == delivery.Unreachable
	switch {
	case !unreachable && !p.applied() && (p.State == "" || p.State == delivery.Synced || p.State == delivery.Used):
		x.state = delivery.Pending
	case !unreachable && p.State == "":
		x.state = delivery.Synced // so far as can be seen; what was said beside it, such as which fields the member does not know, is not taken back
		if written.State == delivery.Synced && !s.Touched {
			x.message = written.Message
		}
	case !unreachable:
	case p.unseen() && p.Selected && !p.Unproven && !s.Touched && s.written():
		x.known = remembered(written)
		x.state, x.message = written.State, written.Message
		if !named || written.State == "" {
			x.state = delivery.Synced
		}
	case p.unseen():
		x.known = remembered(written)
		x.state, x.message = delivery.Unreachable, ""
	case p.Selected && p.applied() && slices.Contains(fleeting, p.State):
		x.state, x.message = delivery.Synced, ""
	case !p.applied():
		x.state, x.message = delivery.Unreachable, ""
	}
	if p.Unproven {
		x.known = nil
	}
	if x.message == "" && x.state == delivery.Synced && p.Copy != nil {
		x.message = p.Copy.Waiting
	}
	x.message = cut(x.message, longestMessage)
	return x
}

// tell adds to what is said of the member, unless it says so already, as before a restart.
func (x *standing) tell(text string) {
	text = cut(text, longestMessage)
	switch {
	case x.message == "":
		x.message = text
	case !strings.Contains(x.message, text):
		x.message = cut(x.message+"; "+text, longestMessage)
	}
}

// applied tells whether the member has what it shall have.
func (p *Part) applied() bool {
	if p.Copy != nil && p.Copy.Hash == p.WantedHash && p.Copy.Hash != "" && !p.Copy.Terminating {
		return true
	}
	return p.Hash == p.WantedHash && (p.State == delivery.Synced || p.State == delivery.Used || p.State == delivery.Finished)
}

// Steady tells that it makes no difference to the state of the object whether the member can be reached: the member has what it shall have, and
// nothing else is to be said of it.
func (p *Part) Steady() bool {
	return p.Selected && p.Copy != nil && p.applied() && p.Message == "" && (p.State == delivery.Synced || p.State == delivery.Used)
}

// unseen tells that the process has not learnt anything of the member's copy.
func (p *Part) unseen() bool {
	return p.Copy == nil && (p.State == "" || p.State == delivery.Unreachable)
}

// synced tells whether the member is as it should be.
func (x *standing) synced() bool {
	switch x.state {
	case delivery.Synced, delivery.Used, delivery.Finished:
		return true
	default:
		return false
	}
}

// matters tells whether a member counts at all: a copy that leaves is nobody's concern unless it cannot.
func (x *standing) matters() bool {
	if x.Selected {
		return true
	}
	switch x.state {
	case delivery.Synced, delivery.Gone, delivery.Finished, delivery.Used:
		return false
	case "", delivery.Pending, delivery.Terminating:
		return x.message != ""
	case delivery.Unreachable:
		return x.Copy != nil
	default:
		return true
	}
}

// written tells whether the state of the object was written before.
func (s *Snapshot) written() bool { return s.Annotations[propagationKey] != "" }

func remembered(m memberstate.Member) *aggregate.Known {
	return &aggregate.Known{Ready: m.Ready, Complete: m.Finished == memberstate.FinishedComplete, Failed: m.Finished == memberstate.FinishedFailed}
}
