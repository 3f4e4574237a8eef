package delivery

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// job is one look at one key.
type job struct {
	*Agent
	t        *table
	kind     kinds.Kind
	key      Key
	n        name
	wish     Wish
	priority Priority
	now      time.Time

	corrects  bool     // what somebody did to the copy is to be put back
	corrected bool     // and was
	rivals    []string // who did it, if that was asked for
	forgets   bool     // what was applied does not count any more
}

// work brings the member in line with what is wished under a key now. Normally it takes one request, or none.
func (a *Agent) work(ctx context.Context, k Key, p Priority) {
	if k == brakeKey {
		a.judge()
		return
	}
	kind, ok := a.Kind(k.Kind)
	if !ok {
		return
	}
	wish := a.Wish(k)
	j := &job{Agent: a, t: a.follower(kind, listing), kind: kind, key: k, n: k.name(), wish: wish, priority: p, now: a.Clock.Now()}
	if phase, problem := j.t.wait(j.n, p); phase != synced {
		j.conclude(attempt{}, j.unknown(phase, problem))
		return
	}
	r := j.t.look(j.n)
	try := j.attempt()
	try.copy = r.uid
	if wait, failed := r.waits(try, j.now); failed {
		if wait > 0 {
			a.queue.addAfter(k, p, wait)
		}
		return
	}
	v := j.act(ctx, &r, try.hash)
	if ctx.Err() == nil { // or else nothing is known of how it went
		j.conclude(try, v)
	}
}

// attempt is what the wish comes to.
func (j *job) attempt() attempt {
	try := attempt{action: j.wish.Action, source: j.wish.Source, adopt: j.wish.Adopt, recreate: j.wish.Recreate}
	if j.wish.Action == Present {
		try.hash = j.wish.Template.Hash(j.wish.Share)
	}
	return try
}

// waits tells that the same was tried, and how long it is until it may be tried again; 0 if a change must come first.
func (r *record) waits(try attempt, now time.Time) (time.Duration, bool) {
	if r.note == nil || r.note.failures == 0 || r.note.tried != try || !r.note.retry.After(now) {
		return 0, false
	}
	if r.note.retry.Equal(never) {
		return 0, true
	}
	return r.note.retry.Sub(now), true
}

// never is after all times that are.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (j *job) act(ctx context.Context, r *record, hash string) verdict {
	switch j.wish.Action {
	case Present:
		return j.present(ctx, r, hash)
	case Absent:
		return j.absent(ctx, r)
	case Release:
		return j.release(ctx, r)
	case Unsourced:
		return j.unsourced(ctx, r)
	default:
		return verdict{}
	}
}

// unknown is the verdict while the copies of the kind are not known.
func (j *job) unknown(p phase, problem string) verdict {
	if j.wish.Action == Leave {
		return verdict{}
	}
	v := verdict{hash: j.attempt().hash}
	switch p {
	case notServed:
		v.state, v.message = NotServed, say("the member does not serve %s", j.kind.ID())
		switch {
		case j.wish.Action != Present:
			v.state, v.message = Gone, ""
		case j.Wish(Key{Kind: kinds.CRD, Name: string(j.kind.ID())}).Action == Present:
			v.state, v.message = Pending, say("waits until the member serves %s", j.kind.ID())
		}
	case forbidden:
		v.state, v.message = Forbidden, j.mayNot("list", problem)
	default:
		v.state = Pending
	}
	return v
}

// conclude takes down what a look has come to.
func (j *job) conclude(try attempt, v verdict) {
	var changed, wasHeld bool
	var wait time.Duration
	j.t.change(j.n, func(r *record) {
		changed, wasHeld = !r.sameVerdict(v), r.state == Held
		j.t.counts.move(r.state, v.state)
		r.state, r.wished = v.state, v.hash
		wait = j.note(r, try, v)
		if j.forgets {
			r.applied = ""
		}
		r.tidy()
		if !r.there && (v.state == "" || j.wish.Action == Unsourced) {
			j.t.counts.move(v.state, "")
			delete(j.t.records, j.n)
		}
	})
	if changed {
		j.tellCounts()
		j.Changed(j.key)
	}
	if wait > 0 {
		j.queue.addAfter(j.key, j.nextPriority(v), wait)
	}
	if wasHeld && v.state != Held { // the others may be few now
		j.queue.addAfter(brakeKey, Recheck, beforeJudging)
	}
	if j.kind.ID() == namespacesID && (v.state == Used || v.state == Synced || v.state == Contested || j.wish.Action != Present) {
		j.namespaceIsThere(j.key)
	}
}

// note writes down what must be remembered, and returns when to look again.
func (j *job) note(r *record, try attempt, v verdict) time.Duration {
	if r.note == nil && v.message == "" && len(v.pruned) == 0 && !v.failed && !j.corrected {
		return v.again
	}
	n := r.remember()
	n.message, n.pruned = v.message, v.pruned
	if j.corrected {
		n.count(j)
	}
	if !v.failed {
		n.failures = 0
		return v.again
	}
	if n.tried != try {
		n.failures = 0
	}
	n.tried = try
	n.failures++
	if v.final {
		n.retry = never
		return 0
	}
	wait := backOff(n.failures)
	n.retry = j.Clock.Now().Add(wait)
	return wait
}

// nextPriority lets what goes wrong again and again stand back.
func (j *job) nextPriority(v verdict) Priority {
	if v.failed && j.priority == User && j.t.look(j.n).failures() > 3 {
		return Recheck
	}
	return j.priority
}

func (r record) failures() int {
	if r.note == nil {
		return 0
	}
	return r.note.failures
}

const (
	shortestBackOff = 500 * time.Millisecond
	longestBackOff  = 5 * time.Minute
)

// backOff is how long to wait after so many failures in a row.
func backOff(failures int) time.Duration { return doubled(shortestBackOff, failures-1, longestBackOff) }

// doubled is the time doubled so many times, up to the longest.
func doubled(d time.Duration, times int, longest time.Duration) time.Duration {
	for range times {
		if d >= longest {
			break
		}
		d *= 2
	}
	return min(d, longest)
}

// took takes in the metadata that the member has answered with.
func (j *job) took(s sight) { j.t.answer(j.n, s) }

// lost takes in that there is no object with the UID.
func (j *job) lost(uid types.UID) { j.t.missing(j.n, uid) }
