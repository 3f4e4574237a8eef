package delivery

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// table holds what is known of the keys of one kind.
type table struct {
	lens
	kick chan struct{} // wakes whoever follows the kind from its rest

	mu      sync.Mutex
	phase   phase
	problem string // with forbidden
	records map[name]*record
	waiting map[name]Priority // to be looked at once the copies are known
	seen    uint64            // resourceVersion up to which all is known
	lists   uint64
}

// change is what an event has come to.
type change struct {
	look        bool // a worker should look at the key
	tell        bool // the Report is another now
	established bool // a definition's kind is served now
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
	c := r.see(s)
	if c.look && t.phase != synced {
		t.waiting[n] = max(t.waiting[n], Recheck)
		c.look = false
	}
	return c
}

// gone takes in that an object is there no more, by an event of that version.
func (t *table) gone(n name, version uint64) change {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.records[n]
	if r == nil || !r.there || version != 0 && version < r.version {
		return change{}
	}
	r.lose()
	return change{look: true, tell: true}
}

// missing takes in that an answer said there is no object with the UID.
func (t *table) missing(n name, uid types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.records[n]; r != nil && r.uid == uid {
		r.lose()
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
		r.see(s)
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

// change writes to the record of a name, under its lock.
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

// ends is the end of a list: what it did not name, and is not younger than it, is gone. These are returned.
func (t *table) ends(list, version uint64) []name {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lost []name
	for n, r := range t.records {
		if r.there && r.mark != list && (version == 0 || r.version <= version) {
			r.lose()
			lost = append(lost, n)
		}
	}
	t.seen = max(t.seen, version)
	return lost
}
