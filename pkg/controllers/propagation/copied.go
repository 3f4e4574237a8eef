package propagation

import (
	"encoding/json"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// copied is what one member has of a source that is divided, in the terms of placement.Member.
type copied struct {
	known         bool // rather than remembered
	there         bool
	share         shape.Share // of a copy that is there
	replicas      int32
	running       int32
	unschedulable int32
	finished      bool // a Job's part
}

// numbers are those in the status of a copy, of whatever kind.
type numbers struct {
	ObservedGeneration int64  `json:"observedGeneration"`
	Replicas           int32  `json:"replicas"`
	UpdatedReplicas    *int32 `json:"updatedReplicas"`
	ReadyReplicas      int32  `json:"readyReplicas"`
	CurrentReplicas    int32  `json:"currentReplicas"` // of an autoscaler
	Active             int32  `json:"active"`
	Succeeded          int32  `json:"succeeded"`
	Conditions         []struct{ Type, Status string }
}

// remembered is what was written into the source of members: nothing if somebody else wrote it. A Job made from the manifest of one that was
// exported has that one's annotations.
func (s *source) remembered() memberstate.Members {
	m, err := memberstate.Of(s.annotations)
	if err != nil {
		return nil
	}
	if s.divided == kinds.Job && len(s.status) == 0 {
		return m.Unfinished()
	}
	return m
}

// former says that a copy is of a Job of that name that went before. It is made anew: what was done in it is no part of this one.
func (s *source) former(c *delivery.Copy) bool {
	return s.divided == kinds.Job && c.SourceUID != s.uid
}

// copied looks at the copy in a member; what is remembered counts for one whose copies are not known.
func (c *Controller) copied(k kinds.Kind, s *source, member string, d *drawing) copied {
	was := d.remembered[member]
	p := c.posts.get(member)
	if p == nil || !p.agent.Synced(k.ID()) {
		return copied{there: was.Wanted > 0, replicas: was.Wanted, running: was.Ready, unschedulable: d.lastUnschedulable(member), finished: was.Finished != ""}
	}
	report := p.agent.Report(s.key)
	if report.Copy != nil && !s.former(report.Copy) {
		return readCopy(k, report.Copy, d.lastUnschedulable(member))
	}
	// A Job's part that has finished stays done when its copy is tidied away.
	if k.Divided == kinds.Job && was.Finished != "" {
		return copied{known: true, replicas: was.Wanted, running: was.Ready, finished: true}
	}
	if given := d.onItsWay(member, report.State); given != nil {
		return copied{known: true, replicas: wholeOf(k.Divided, given.share(k.Divided))}
	}
	return copied{known: true}
}

// readCopy reads the numbers of a copy. While it rolls out, pods without room are new ones of which nothing is known yet: what was counted
// last stays.
func readCopy(k kinds.Kind, c *delivery.Copy, unschedulable int32) copied {
	var n numbers
	if len(c.Status) > 0 && json.Unmarshal(c.Status, &n) != nil {
		n = numbers{} // of a shape that no server returns
	}
	r := copied{known: true, there: true, share: c.Share, replicas: wholeOf(k.Divided, c.Share)}
	switch k.Divided {
	case kinds.Job:
		r.running = n.Active + n.Succeeded
		r.finished = n.finished()
	case kinds.Bounds:
		r.running = n.CurrentReplicas
	default:
		r.running, r.unschedulable = n.ReadyReplicas, c.Unschedulable
		rollsOut := n.ObservedGeneration < c.Generation || n.UpdatedReplicas != nil && *n.UpdatedReplicas < min(n.Replicas, r.replicas)
		if rollsOut {
			r.unschedulable = min(unschedulable, r.replicas)
		}
	}
	return r
}

func (n *numbers) finished() bool {
	for _, c := range n.Conditions {
		if (c.Type == "Complete" || c.Type == "Failed") && c.Status == "True" {
			return true
		}
	}
	return false
}

// wholeOf is how much of what is divided a share is.
func wholeOf(d kinds.Divided, s shape.Share) int32 {
	switch {
	case d == kinds.Bounds:
		return number(s.MaxReplicas)
	case d == kinds.Job && s.Completions != nil:
		return number(s.Completions)
	case d == kinds.Job:
		return number(s.Parallelism)
	default:
		return number(s.Replicas)
	}
}

// number is at least 0.
func number(n *int32) int32 {
	if n == nil {
		return 0
	}
	return max(*n, 0)
}
