package delivery

import "time"

// phase is how far it is with the copies of a kind.
type phase int

const (
	idle      phase = iota // nobody has asked for the kind yet
	asked                  // whether there are any is being found out
	without                // there were none when it was found out
	listing                // they are being listed
	synced                 // all are known
	notServed              // the member does not know the kind
	forbidden              // we may not list it
)

// longBarred is for how long errors are what may pass.
const longBarred = time.Minute

func newTable(l lens) *table {
	return &table{lens: l, kick: make(chan struct{}, 1), records: map[name]*record{}, waiting: map[name]Priority{}, counts: &counts{}}
}

// begin has the kind followed, or (asked) found out whether that is needed. It tells whether nobody is at work on that yet.
func (t *table) begin(to phase) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.phase == idle, t.phase == without && to == listing:
		t.phase = to
		return true
	case t.phase == asked && to == listing:
		t.phase = listing
		t.wake()
	}
	return false
}

// leave notes that there are no copies, unless somebody wishes some by now.
func (t *table) leave() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase != asked {
		return false
	}
	t.phase = without
	return true
}

// at returns the phase.
func (t *table) at() phase {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase
}

// enter changes the phase, and returns the keys that waited for that.
func (t *table) enter(p phase, problem string) map[name]Priority {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase == p && t.problem == problem {
		return nil
	}
	t.phase, t.problem = p, problem
	waiting := t.waiting
	t.waiting = map[name]Priority{}
	return waiting
}

// wait has a key looked at when the phase changes, unless the copies of the kind are known. It returns the phase.
func (t *table) wait(n name, p Priority) (phase, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase != synced {
		t.waiting[n] = max(t.waiting[n], p)
	}
	return t.phase, t.problem
}

// bar notes whether the member has answered a list with an error. It keeps since when that has been so without a break.
func (t *table) bar(is bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !is:
		t.barred = time.Time{}
	case t.barred.IsZero():
		t.barred = now
	}
}

// uncertain says that the copies of the kind are not known, but are about to be. A member can be unable to list a kind for as long as nobody
// mends it (a definition whose conversion webhook is gone), so that nothing must wait for that.
func (t *table) uncertain(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return (t.phase == asked || t.phase == listing) && (t.barred.IsZero() || now.Sub(t.barred) < longBarred)
}

// wake ends the rest of whoever follows the kind.
func (t *table) wake() {
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

// key is that of a name.
func (t *table) key(n name) Key { return Key{Kind: t.kind.ID(), Namespace: n.namespace, Name: n.name} }

func (k Key) name() name { return name{k.Namespace, k.Name} }

// copies counts the objects of ours.
func (t *table) copies() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ours
}

// forgive lets what failed be tried again at once, if its record says so, and returns which that is.
func (t *table) forgive(which func(*record) bool) []name {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []name
	for n, r := range t.records {
		if r.note != nil && r.note.failures > 0 && which(r) {
			r.note.retry = time.Time{}
			found = append(found, n)
		}
	}
	return found
}
