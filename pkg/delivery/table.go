package delivery

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// table holds what is known of the keys of one kind.
type table struct {
	lens
	kick chan struct{} // wakes whoever follows the kind from its rest

	// Of whoever follows the kind alone.
	cut     bool // the last watch ended too early
	refused int  // how many times in a row it might not be listed

	mu      sync.Mutex
	phase   phase
	problem string    // with forbidden
	barred  time.Time // since when the member answers every list with an error; zero if it does not
	records map[name]*record
	waiting map[name]Priority // to be looked at once the copies are known
	ours    int               // records of copies
	counts  *counts           // of the records' states; those of nobody once the table is thrown away
	seen    uint64            // resourceVersion up to which all is known
	lists   uint64
}

// change is what an event has come to.
type change struct {
	look        bool // a worker should look at the key
	tell        bool // the Report is another now
	established bool // a definition's kind is served now
	unready     bool // a workload is not ready any more, or has just been seen
}

// saw takes in an object that was seen by a list or a watch.
func (t *table) saw(n name, s sight, mark uint64) change {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.records[n]
	if r == nil {
		r = &record{}
		t.records[n] = r
	}
	if mark != 0 {
		r.mark = mark
	}
	if r.there && s.version != 0 && s.version < r.version {
		return change{}
	}
	c := t.see(r, s)
	if c.look && t.phase != synced {
		t.waiting[n] = max(t.waiting[n], Recheck)
		c.look = false
	}
	return c
}

// see takes in a sight that is newer than what is known.
func (t *table) see(r *record, s sight) change {
	t.ours -= r.copies()
	c := r.see(s)
	t.ours += r.copies()
	t.muster(r, &c)
	return c
}

// lose takes in that an object is not there any more.
func (t *table) lose(r *record) {
	t.ours -= r.copies()
	r.lose()
}

// copies is 1 if there is an object of ours.
func (r *record) copies() int {
	if r.there && r.ours {
		return 1
	}
	return 0
}

// gone takes in that an object is there no more, by an event of that version.
func (t *table) gone(n name, version uint64) change {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.records[n]
	if r == nil || !r.there || version != 0 && version < r.version {
		return change{}
	}
	t.lose(r)
	return change{look: true, tell: true}
}

// missing takes in that an answer said there is no object with the UID.
func (t *table) missing(n name, uid types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.records[n]; r != nil && r.uid == uid {
		t.lose(r)
	}
}

// upTo takes in that all is known up to a version.
func (t *table) upTo(version uint64) {
	t.mu.Lock()
	t.seen = max(t.seen, version)
	t.mu.Unlock()
}

// answer takes in what an answer of the member said of an object. An object that the watch has left behind already is not taken in: it was
// deleted since.
func (t *table) answer(n name, s sight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.record(n)
	switch {
	case r.there && s.version != 0 && s.version < r.version:
	case !r.there && s.version != 0 && s.version <= t.seen:
	case !s.labelled: // nothing would say when it goes
	default:
		t.see(r, s)
	}
}

// record returns the record of a name, a new one if need be. t.mu is held.
func (t *table) record(n name) *record {
	r := t.records[n]
	if r == nil {
		r = &record{}
		t.records[n] = r
	}
	return r
}

// look returns a copy of the record; the zero record if there is none.
func (t *table) look(n name) record {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.records[n]; r != nil {
		c := *r
		if r.note != nil {
			note := *r.note
			c.note = &note
		}
		return c
	}
	return record{}
}

// amend writes to the record of a name, if there is one, under its lock.
func (t *table) amend(n name, f func(*record)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.records[n]; r != nil {
		f(r)
	}
}

// change writes to the record of a name, a new one if need be, under its lock.
func (t *table) change(n name, f func(*record)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(t.record(n))
}

// begins numbers a list of all copies.
func (t *table) begins() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lists++
	return t.lists
}

// rewound tells whether the member's version of now is before what was known already. If so, it forgets how new that is: whatever is seen
// next counts.
func (t *table) rewound(now uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now == 0 || now >= t.seen {
		return false
	}
	t.seen = 0
	for _, r := range t.records {
		r.version = 0
	}
	return true
}

// ends is the end of a list: what it did not name, and is not younger than it, is gone. These are returned.
func (t *table) ends(list, version uint64) []name {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lost []name
	for n, r := range t.records {
		if r.there && r.mark != list && (version == 0 || r.version <= version) {
			t.lose(r)
			lost = append(lost, n)
		}
	}
	t.seen = max(t.seen, version)
	return lost
}
