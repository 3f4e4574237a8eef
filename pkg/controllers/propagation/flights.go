package propagation

import (
	"sync"
	"time"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// mostFlights is how many sources are followed on their way at once. More than that are not measured.
const mostFlights = 1 << 17

// flights are the sources that are on their way to members, so that it can be said how long that takes.
type flights struct {
	mu sync.Mutex
	of map[delivery.Key]*flight
}

type flight struct {
	seen    time.Time
	roster  *roster
	waiting []uint64 // a bit for each of the roster
	left    int
}

func newFlights() *flights { return &flights{of: map[delivery.Key]*flight{}} }

// begin is for a source that has just changed: for the first time since it was last confirmed, or again.
func (f *flights) begin(s *source, to *fleet) {
	at := to.selects(s.selector).all
	is := &flight{seen: s.seen, roster: to.roster, waiting: make([]uint64, (len(to.members)+63)/64)}
	for _, i := range at {
		if to.members[i].ready {
			is.waiting[i/64] |= 1 << (i % 64)
			is.left++
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.of[s.key]; is.left == 0 || !ok && len(f.of) >= mostFlights {
		return
	}
	f.of[s.key] = is
}

func (f *flights) end(k delivery.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, k)
}

// awaits says whether a word of the member on the key is awaited.
func (f *flights) awaits(member string, k delivery.Key) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	is, at := f.find(member, k)
	return is != nil && is.waiting[at/64]&(1<<(at%64)) != 0
}

// landed notes that the member has what it shall have, and returns when the change was seen; false if that is known already.
func (f *flights) landed(member string, k delivery.Key) (time.Time, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	is, at := f.find(member, k)
	if is == nil || is.waiting[at/64]&(1<<(at%64)) == 0 {
		return time.Time{}, false
	}
	is.waiting[at/64] &^= 1 << (at % 64)
	if is.left--; is.left == 0 {
		delete(f.of, k)
	}
	return is.seen, true
}

func (f *flights) find(member string, k delivery.Key) (*flight, int) {
	is := f.of[k]
	if is == nil {
		return nil, 0
	}
	at, ok := is.roster.at[member]
	if !ok {
		return nil, 0
	}
	return is, at
}
