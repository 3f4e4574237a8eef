package delivery

import (
	"time"
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
	if n := r.note; n != nil && n.drifts > 0 && j.now.Sub(n.drift) < peace {
		if due := n.drift.Add(doubled(shortestPatience, n.drifts-1, longestPatience)); due.After(j.now) {
			return due.Sub(j.now)
		}
	}
	j.corrects = true
	return 0
}

// contested is the verdict while somebody has kept changing the copy of late.
func (j *job) contested(r *record, v verdict) verdict {
	if r.note == nil || r.note.drifts == 0 {
		return v
	}
	rest := r.note.drift.Add(peace).Sub(j.now)
	if rest <= 0 {
		return v
	}
	if v.again == 0 || v.again > rest {
		v.again = rest
	}
	if r.note.drifts >= contestedFrom {
		v.state = Contested
		v.message = say("somebody in the member changes it again and again, %d times by now", r.note.drifts)
	}
	return v
}
