package propagation

import "github.com/fedhelm/fedhelm/pkg/placement"

// job divides a Job. When it has finished as a whole, nothing is divided any more.
func (d *drawing) job() *plan {
	if d.source.finished {
		return d.rest()
	}
	p := d.plan()
	s := d.source.share
	size := placement.JobSize{Parallelism: number(s.Parallelism), Completions: s.Completions, Indexed: d.source.indexed}
	layout := placement.PlanJob(d.key(), size, d.preferences(), d.members())
	p.notes = layout.Notes
	for i, at := range d.selected {
		next := len(p.parts)
		if next == len(layout.Shares) {
			break
		}
		if share := layout.Shares[next]; share.Member == d.roster.names[at] {
			d.add(p, at, part{a: share.Parallelism, b: counted(share.Completions), done: d.copies[i].finished})
		}
	}
	return p
}

// rest leaves each part what it has, but that one that has not finished stops: the Job has failed in another member, and one cluster would end
// all its pods.
func (d *drawing) rest() *plan {
	p := d.plan()
	for i, at := range d.selected {
		c := &d.copies[i]
		switch {
		case c.there && c.known:
			parallelism := number(c.share.Parallelism)
			if !c.finished {
				parallelism = 0 // of all that a Job has, this can be changed
			}
			d.add(p, at, part{a: parallelism, b: counted(c.share.Completions), done: true})
		case c.replicas > 0:
			d.add(p, at, part{b: c.replicas, done: true})
		}
	}
	return p
}

// counted is a Job's completions in a part: -1 if nobody counts them.
func counted(completions *int32) int32 {
	if completions == nil {
		return -1
	}
	return *completions
}
