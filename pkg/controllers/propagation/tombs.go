package propagation

import (
	"sync"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// tombs remember the objects whose deletion was seen, and how it was meant: the last ones, up to a number.
type tombs struct {
	mu   sync.Mutex
	of   map[delivery.Key]tomb
	ring []delivery.Key // the oldest is at next
	next int
}

type tomb struct {
	wish delivery.Wish
	at   int // in the ring
}

// newTombs remembers so many.
func newTombs(size int) *tombs {
	return &tombs{of: map[delivery.Key]tomb{}, ring: make([]delivery.Key, size)}
}

func (t *tombs) put(k delivery.Key, w delivery.Wish) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.ring[t.next]; t.of[old].at == t.next {
		delete(t.of, old)
	}
	t.ring[t.next] = k
	t.of[k] = tomb{wish: w, at: t.next}
	t.next = (t.next + 1) % len(t.ring)
}

func (t *tombs) get(k delivery.Key) (delivery.Wish, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.of[k]
	return found.wish, ok
}

// forget takes one away: there is an object of that name again.
func (t *tombs) forget(k delivery.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, k)
}
