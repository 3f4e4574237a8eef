package propagation

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
	"github.com/fedhelm/fedhelm/pkg/placement"
)

// drawing is all that a plan is made from: what is planned is a function of it.
type drawing struct {
	kind       kinds.Kind
	source     *source
	before     *plan // nil if there is none
	remembered memberstate.Members
	roster     *roster
	selected   []int    // members of the roster
	copies     []copied // in each of them
	now        time.Time
}

func (d *drawing) key() string { return d.source.key.Namespace + "/" + d.source.key.Name }

// lastUnschedulable is what the plan before counted.
func (d *drawing) lastUnschedulable(member string) int32 {
	if d.before == nil {
		return 0
	}
	if p, _ := d.before.of(member); p != nil {
		return p.unschedulable
	}
	return 0
}

// onItsWay is the part of a Job that the plan before gave a member which has none yet, and may be making it: nil if there is none, or the member has
// refused it. What is made keeps its completions, so what is given cannot be given to others as well.
func (d *drawing) onItsWay(member string, as delivery.State) *part {
	if d.kind.Divided != kinds.Job || d.before == nil || d.before.source != d.source.uid {
		return nil
	}
	switch as {
	case "", delivery.Pending, delivery.Throttled:
		p, _ := d.before.of(member)
		return p
	default:
		return nil
	}
}

// members are the selected ones as placement wants them: without numbers below 0, whatever members say.
func (d *drawing) members() []placement.Member {
	all := make([]placement.Member, len(d.selected))
	for i, at := range d.selected {
		all[i] = d.roster.placed[at]
		c := &d.copies[i]
		all[i].Replicas, all[i].Running, all[i].Unschedulable = max(c.replicas, 0), max(c.running, 0), max(c.unschedulable, 0)
		all[i].Ready = all[i].Ready || c.finished // what is done there need not be done elsewhere
	}
	return all
}

// recall tells members what room they lately had, and returns what the next plan is to remember of it; nil if there is nothing. A member in which
// nothing waits for room does not tell when it has some: lasts is until the first of them may be tried again; 0 without any.
func (d *drawing) recall(members []placement.Member) (rooms map[string]placement.Room, lasts time.Duration) {
	for i := range members {
		m := &members[i]
		var room placement.Room
		if d.before != nil && d.before.source == d.source.uid {
			room = d.before.rooms[m.Name]
		}
		if d.copies[i].known {
			room = room.After(m, d.now)
		}
		if room == (placement.Room{}) {
			continue
		}
		if rooms == nil {
			rooms = map[string]placement.Room{}
		}
		rooms[m.Name], m.Room = room, room.Limit(d.now)
		if rest := room.Rest(d.now); m.Unschedulable == 0 && rest > 0 && (lasts == 0 || rest < lasts) {
			lasts = rest
		}
	}
	return rooms, lasts
}

// preferences are those of the source, which was found well-formed.
func (d *drawing) preferences() placement.Preferences {
	annotation := preferences[d.kind.ID()]
	o := &metav1.ObjectMeta{}
	if d.source.spread != "" {
		o.Annotations = map[string]string{annotation: d.source.spread}
	}
	p, err := placement.PreferencesOf(o, annotation)
	if err != nil {
		return placement.DefaultPreferences()
	}
	return p
}

// plan returns one that says nothing yet.
func (d *drawing) plan() *plan {
	p := &plan{source: d.source.uid, revision: d.source.revision, selector: d.source.selector, roster: d.roster, divided: d.kind.Divided}
	for i, at := range d.selected {
		if !d.copies[i].known {
			p.unknown = append(p.unknown, int32(at)) //nolint:gosec // members are fewer than 2^31
		}
	}
	return p
}

func (d *drawing) add(p *plan, at int, is part) {
	is.member = int32(at) //nolint:gosec // as above
	p.parts = append(p.parts, is)
}

// replicas divides those of a workload.
func (d *drawing) replicas() *plan {
	p := d.plan()
	members := d.members()
	rooms, lasts := d.recall(members)
	layout := placement.Plan(d.key(), number(d.source.share.Replicas), d.preferences(), members)
	p.notes, p.rooms = layout.Notes, rooms
	if layout.Unplaced > 0 { // a minimum alone is no reason to stop what runs elsewhere, only to see
		p.lasts = lasts
	}
	untrimmed := false // one that did not go has more than it shall
	var surplus []int32
	for i, at := range d.selected {
		next := len(p.parts)
		if next == len(layout.Shares) {
			break
		}
		share := layout.Shares[next]
		if share.Member != d.roster.names[at] {
			continue // it is away
		}
		d.add(p, at, part{
			a: share.Replicas, pending: share.Pending, unschedulable: d.copies[i].unschedulable, unscaled: d.unscaled(share, d.copies[i]),
		})
		surplus = append(surplus, d.copies[i].replicas-share.Wanted())
		untrimmed = untrimmed || surplus[next] > 0 && d.roster.back[at].IsZero()
	}
	for i := range p.parts {
		// Who is back keeps what it has until the others have given up what they had taken over.
		if untrimmed && surplus[i] > 0 && !d.roster.back[p.parts[i].member].IsZero() {
			p.parts[i].a += surplus[i]
		}
	}
	return p
}

// unscaled says that the member's replicas are to be taken back from an autoscaler that is gone: until they are what they shall be.
func (d *drawing) unscaled(share placement.Share, c copied) bool {
	if d.before == nil {
		return false
	}
	was, _ := d.before.of(share.Member)
	return was != nil && (was.scaled || was.unscaled && c.replicas != share.Wanted())
}

// scaled leaves the replicas of a workload to the autoscalers that members have, and takes them where there is none.
func (d *drawing) scaled(bounds func(member string) (lo, hi int32, known bool)) *plan {
	p := d.plan()
	for i, at := range d.selected {
		if !d.roster.placed[at].Ready {
			continue
		}
		lo, hi, known := bounds(d.roster.names[at])
		switch {
		case !known:
			p.unknown = append(p.unknown, int32(at)) //nolint:gosec // as above
		case hi == 0:
			d.add(p, at, part{unscaled: true})
		default:
			d.add(p, at, part{a: d.scaledTo(d.roster.names[at], d.copies[i], lo, hi), scaled: true})
		}
	}
	return p
}

// scaledTo is what a member's autoscaler begins with: what there is, within the bounds. An autoscaler does nothing with 0 replicas.
func (d *drawing) scaledTo(member string, c copied, lo, hi int32) int32 {
	n := c.replicas
	if d.before != nil {
		if was, _ := d.before.of(member); was != nil && was.scaled {
			n = was.a // what the autoscaler makes of it is no news to the copy's owner
		}
	}
	return max(min(n, hi), lo, 1)
}

// bounds divides those of an autoscaler.
func (d *drawing) bounds() *plan {
	p := d.plan()
	next := 0
	all := placement.PlanBounds(d.key(), number(d.source.share.MinReplicas), number(d.source.share.MaxReplicas), d.members())
	for _, at := range d.selected {
		if next < len(all) && all[next].Member == d.roster.names[at] {
			if b := all[next]; b.Max > 0 {
				d.add(p, at, part{a: b.Min, b: b.Max})
			}
			next++
		}
	}
	return p
}
