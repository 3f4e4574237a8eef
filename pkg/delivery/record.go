package delivery

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// record is what is known of one key: what was seen in the member, and what was found of it.
type record struct {
	sight
	there   bool   // there is an object that carries our label
	settled uint64 // digest of our fields when they were all that could be had; 0: not known yet
	applied string // hash of what was last applied, or found to be applied
	mark    uint64 // of the list that named it last

	state  State
	wished string // Report's Hash
	note   *note  // nil while there is nothing to remember
	crew   *crew  // nil while it is ready, or has no pods
}

// note is what is remembered of a key that is not plainly in order.
type note struct {
	message string
	pruned  []string

	tried    attempt // what failed
	failures int     // in a row
	retry    time.Time

	drifts int // in a row
	drift  time.Time
	rivals []string // who changed our fields the last time
}

// attempt tells one wish from another, as far as that makes another try worthwhile.
type attempt struct {
	action          Action
	hash            string
	source          types.UID
	copy            types.UID // to which; "" if there was none
	adopt, recreate bool
}

// inOrder tells whether what is applied is what is known to be there, and nobody has changed our fields.
func (r *record) inOrder(hash string, source types.UID) bool {
	return r.sameSource(hash, source) && r.settled != 0 && r.settled == r.digest
}

func (r *record) sameSource(hash string, source types.UID) bool {
	return r.there && r.ours && !r.terminating && r.hash == hash && r.source == source
}

// settle takes our fields as they are for all that can be had.
func (r *record) settle(hash string, source types.UID) {
	r.settled, r.applied, r.fields = r.digest, hash, ""
	r.hash, r.source = same(hash, r.hash), same(source, r.source) // which others hold as well
}

// report is what others may know.
func (r *record) report() Report {
	report := Report{State: r.state, Hash: r.wished}
	if r.note != nil {
		report.Message, report.Pruned = r.note.message, r.note.pruned
	}
	if !r.there || !r.ours {
		return report
	}
	c := &Copy{UID: r.uid, SourceUID: r.source, Generation: r.generation, Terminating: r.terminating, Hash: r.hash, Status: r.status, ExternalIPs: r.external}
	if r.share != nil {
		c.Share = *r.share
	}
	if r.crew != nil {
		c.Unschedulable, c.Waiting, c.Unlooked = r.crew.unschedulable, r.crew.waiting, r.crew.visits == 0
	}
	report.Copy = c
	return report
}

// remember returns the note, to be written to.
func (r *record) remember() *note {
	if r.note == nil {
		r.note = &note{}
	}
	return r.note
}

// tidy drops a note that says nothing.
func (r *record) tidy() {
	if n := r.note; n != nil && n.message == "" && len(n.pruned) == 0 && n.failures == 0 && n.drifts == 0 {
		r.note = nil
	}
}

// verdict is what a look at a key has come to.
type verdict struct {
	state   State
	message string
	pruned  []string
	hash    string
	again   time.Duration // to be looked at again by then; 0: when something happens
	failed  bool          // to be tried again after a while, longer each time; again is ignored
	final   bool          // with failed: not before the wish changes
}

// sameVerdict tells whether a verdict would change nothing that others can see.
func (r *record) sameVerdict(v verdict) bool {
	var message string
	var pruned []string
	if r.note != nil {
		message, pruned = r.note.message, r.note.pruned
	}
	return r.state == v.state && r.wished == v.hash && message == v.message && slices.Equal(pruned, v.pruned)
}
