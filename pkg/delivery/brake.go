package delivery

import (
	"context"
	"sync"
	"time"
)

// Before copies without sources are deleted, all of them are counted: when there are many, it is likelier that the sources were lost.
const (
	beforeJudging = 3 * time.Second
	recently      = time.Hour // deletions of that time count as well, so that many cannot go a few at a time
)

// brakeKey is a key of no object. Whoever works on it judges the copies without sources.
var brakeKey = Key{Name: "copies without sources"}

// brake holds copies without sources back until they were judged.
type brake struct {
	mu       sync.Mutex
	allowed  map[Key]bool // the value says that somebody has asked for it
	released bool         // whatever is held may go
	gone     []time.Time  // deletions
}

// ReleaseBrake lets all copies be deleted that are held at the moment since their sources are missing.
func (a *Agent) ReleaseBrake() {
	a.brake.mu.Lock()
	a.brake.released = true
	a.brake.mu.Unlock()
	a.queue.add(brakeKey, User)
}

// unsourced deletes the copy, unless too many have lost their sources. What holds objects goes after them, one by one: nobody has counted
// those that would go with it. What carries our marks without ever having been applied by us is no copy: somebody has copied one.
func (j *job) unsourced(ctx context.Context, r *record) verdict {
	if !r.there || !r.ours || r.terminating {
		return j.absent(ctx, r)
	}
	if r.digest == 0 {
		return verdict{}
	}
	ok, wholly := j.brake.allows(j.key)
	if !ok {
		j.queue.addAfter(brakeKey, Recheck, beforeJudging)
		if r.state == Held {
			return verdict{state: Held, message: r.note.message}
		}
		return verdict{state: Pending}
	}
	h, err := j.holds(ctx)
	switch {
	case err != nil:
		return j.failed(err)
	case h.ours != "" && h.others == "" && !wholly:
		return j.outlived(r, h.ours)
	}
	v := j.part(ctx, r, h)
	if v.state == Terminating || v.state == Gone || v.state == Kept {
		j.brake.took(j.key, j.now)
	}
	return v
}

// outlived is the verdict on what holds objects still, which go soon, if they go at all.
func (j *job) outlived(r *record, found string) verdict {
	v := verdict{state: Pending, message: say("its source is gone; it is deleted when what it holds is, such as %s", found), again: 2 * beforeJudging}
	if r.note != nil && r.note.message != "" {
		v.state, v.again = Held, lookAgain
	}
	return v
}

// allows tells whether a copy may go, and whether that is with all that it holds.
func (b *brake) allows(k Key) (ok, wholly bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wholly, ok = b.allowed[k]
	return ok, wholly
}

// took counts a deletion.
func (b *brake) took(k Key, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.allowed[k]; ok {
		delete(b.allowed, k)
		b.gone = append(b.gone, now)
	}
}

// recent is how many were deleted of late.
func (b *brake) recent(now time.Time) int {
	for len(b.gone) > 0 && now.Sub(b.gone[0]) > recently {
		b.gone = b.gone[1:]
	}
	return len(b.gone)
}

// judge counts the copies without sources, and lets them go or holds them.
func (a *Agent) judge() {
	copies := 0
	var found []Key
	for _, t := range a.allTables() {
		if t.uncertain(a.Clock.Now()) { // it is too early to tell
			a.queue.addAfter(brakeKey, Recheck, beforeJudging)
			return
		}
		keys := t.standing()
		copies += len(keys)
		for _, k := range keys {
			if a.Wish(k).Action == Unsourced {
				found = append(found, k)
			}
		}
	}
	message := a.brake.decide(found, copies, &a.Limits, a.Clock.Now())
	if message != "" { // when what went of late does not count any more, these may be few
		a.queue.addAfter(brakeKey, Recheck, recently+time.Second)
	}
	for _, k := range found {
		if message == "" {
			a.queue.add(k, Recheck)
			continue
		}
		a.hold(k, message)
	}
}

// decide allows the deletion of what was found, or says why not.
func (b *brake) decide(found []Key, copies int, l *Limits, now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = map[Key]bool{}
	recent := b.recent(now)
	most := max(l.UnsourcedCount, (copies+recent)*l.UnsourcedPercent/100)
	if len(found)+recent > most && !b.released {
		return say("not deleted, although its source is gone: so are those of %d of the %d copies in the member, more than %d at once", len(found), copies, most)
	}
	for _, k := range found {
		b.allowed[k] = b.released
	}
	if b.released {
		b.released, b.gone = false, nil
	}
	return ""
}

// hold notes that a copy is held.
func (a *Agent) hold(k Key, message string) {
	t, changed := a.table(k.Kind), false
	if t == nil { // the kind is federated no more
		return
	}
	t.amend(k.name(), func(r *record) {
		v := verdict{state: Held, message: message}
		if changed = r.there && !r.sameVerdict(v); changed {
			t.counts.move(r.state, Held)
			r.state, r.wished = Held, ""
			r.remember().message = message
		}
	})
	if changed {
		a.tellCounts()
		a.Changed(k)
	}
}

// standing are the keys of copies that are ours and not on their way out.
func (t *table) standing() []Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	var keys []Key
	for n, r := range t.records {
		if r.there && r.ours && r.digest != 0 && !r.terminating {
			keys = append(keys, t.key(n))
		}
	}
	return keys
}
