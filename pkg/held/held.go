// Package held answers probes when there is news. A kubelet asks once a second at most, and
// learns at once of an answer that it waits for: so a "no" is held back where a "yes" is the news.
package held

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// Patience is how long a "no" is held back, which is less than the time-out of any probe.
	Patience = 3 * time.Second
	// interval is between two looks meanwhile.
	interval = 50 * time.Millisecond
	// settled is how many times "no" is said at once: a kubelet takes an unready container out after three.
	settled = 3
)

// Until looks at once, and again and again until the answer is yes, the patience is over or ctx has ended.
func Until(ctx context.Context, patience time.Duration, look func(context.Context) bool) bool {
	end := time.Now().Add(patience)
	for {
		if look(ctx) {
			return true
		}
		if !time.Now().Before(end) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(interval):
		}
	}
}

// Readiness is the answer to a readiness probe. It begins with "no".
type Readiness struct {
	// Patience is how long a "no" is held back.
	Patience time.Duration
	// yes is how many times "no" will be said at once.
	yes atomic.Int32
}

// Look looks as Until does; after a "yes" only once, until three times in a row the answer was "no".
func (r *Readiness) Look(ctx context.Context, look func(context.Context) bool) bool {
	patience := r.Patience
	if r.yes.Load() > 0 {
		patience = 0
	}
	if Until(ctx, patience, look) {
		r.yes.Store(settled)
		return true
	}
	r.yes.Add(-1)
	return false
}
