package propagation

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// waits are the sources that are leaving.
type waits struct {
	mu sync.Mutex
	of map[delivery.Key]wait
}

type wait struct {
	begun    time.Time
	released types.UID // of the object that has been let go; "" if it has not
}

func newWaits() *waits { return &waits{of: map[delivery.Key]wait{}} }

// begun says since when a source has been leaving: since now if this is the first time that it is asked.
func (w *waits) begun(k delivery.Key, now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	is, ok := w.of[k]
	if !ok {
		is.begun = now
		w.of[k] = is
	}
	return is.begun
}

// release notes that an object is let go, or with "" that it is not.
func (w *waits) release(k delivery.Key, uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	is := w.of[k]
	is.released = uid
	w.of[k] = is
}

// released says whether an object was let go.
func (w *waits) released(k delivery.Key, uid types.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.of[k].released == uid
}

func (w *waits) forget(k delivery.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.of, k)
}

// each calls f for every source that is leaving.
func (w *waits) each(f func(delivery.Key)) {
	w.mu.Lock()
	keys := make([]delivery.Key, 0, len(w.of))
	for k := range w.of {
		keys = append(keys, k)
	}
	w.mu.Unlock()
	for _, k := range keys {
		f(k)
	}
}
