package state

import (
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// Options of a Writer. API, Snapshot and Events are required.
type Options struct {
	// API is a client of the federation API for requests by path. What it limits is on top of the Writer's own pace.
	API rest.Interface
	// Snapshot says how it stands with an object; false if there is none, or not enough is known yet to say anything about it. It may be
	// called from several goroutines; what it returns is only read.
	Snapshot func(delivery.Key) (Snapshot, bool)
	// Events go to the objects whose state is written.
	Events events.EventRecorder
	// Busy says that members have work of a priority waiting, so that what can wait does. Nil: never.
	Busy func(delivery.Priority) bool
	// Workers is how many objects are written at once; 8 if 0.
	Workers int
	// Clock is the real one if nil.
	Clock clock.WithTicker
}

func (o *Options) complete() {
	if o.Busy == nil {
		o.Busy = func(delivery.Priority) bool { return false }
	}
	if o.Workers == 0 {
		o.Workers = 8
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
}
