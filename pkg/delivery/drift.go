package delivery

import (
	"context"
	"strings"
	"time"

	"github.com/fedhelm/fedhelm/pkg/delivery/internal/fieldset"
)

// Somebody who changes copies of ours again and again is given way to, more and more.
const (
	shortestPatience = time.Second
	longestPatience  = 5 * time.Minute
	peace            = 10 * time.Minute // after which all is forgotten
	contestedFrom    = 3                // times
)

// patience is how long it is until the copy is put back, if it must be because somebody in the member has changed it; 0 if it is due.
func (j *job) patience(r *record, hash string) time.Duration {
	if r.applied != hash { // it is the wish that has changed, or nothing is known
		return 0
	}
	if n := r.recentDrift(j.now); n != nil {
		if due := n.drift.Add(doubled(shortestPatience, n.drifts-1, longestPatience)); due.After(j.now) {
			return due.Sub(j.now)
		}
	}
	j.corrects = true
	return 0
}

// recentDrift returns the note of a copy that somebody has changed of late; nil if nobody has.
func (r *record) recentDrift(now time.Time) *note {
	if r.note == nil || r.note.drifts == 0 || now.Sub(r.note.drift) >= peace {
		return nil
	}
	return r.note
}

// count counts that a copy was put back.
func (n *note) count(j *job) {
	if j.now.Sub(n.drift) >= peace {
		n.drifts = 0
	}
	n.drifts, n.drift, n.rivals = n.drifts+1, j.now, j.rivals
}

// seekRivals finds out who owns our fields now, once that is to be told.
func (j *job) seekRivals(ctx context.Context, r *record, body []byte) {
	if n := r.recentDrift(j.now); !j.corrects || !r.there || n == nil || n.drifts+1 < contestedFrom {
		return
	}
	m, err := j.client.metadata(ctx, j.kind, j.n.namespace, j.n.name)
	if err != nil { // it is put back all the same
		return
	}
	j.rivals, err = fieldset.Contesters(m.ManagedFields, fieldManager, body)
	if err != nil {
		j.rivals = nil
	}
}

// contested is the verdict while somebody has kept changing the copy of late.
func (j *job) contested(r *record, v verdict) verdict {
	n := r.recentDrift(j.now)
	if n == nil {
		return v
	}
	rest := n.drift.Add(peace).Sub(j.now)
	if v.again == 0 || v.again > rest {
		v.again = rest
	}
	if n.drifts < contestedFrom {
		return v
	}
	who := "somebody"
	if len(n.rivals) > 0 {
		who = strings.Join(n.rivals, ", ")
	}
	v.state = Contested
	v.message = say("%s in the member has changed or deleted it %d times; it is put back, less and less often", who, n.drifts)
	return v
}
