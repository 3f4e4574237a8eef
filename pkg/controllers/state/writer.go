package state

import (
	"context"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// Options of a Writer. API, Snapshot and Events are required.
type Options struct {
	// API is a client of the federation API for requests by path, in JSON.
	API rest.Interface
	// Snapshot says how it stands with an object; false if there is none, or not enough is known yet to say anything about it. It may be
	// called from several goroutines; what it returns is only read.
	Snapshot func(delivery.Key) (Snapshot, bool)
	// Events go to the objects whose state is written.
	Events events.EventRecorder
	// Busy says that members have work of users waiting, so that what can wait does. Nil: never.
	Busy func() bool
	// Workers is how many objects are written at once; 8 if 0.
	Workers int
	// Clock is the real one if nil.
	Clock clock.WithTicker
}

// Writer writes the state of objects into the federation API. It works level by level: what is written is made from the Snapshot at that
// moment, however many changes led to it.
type Writer struct {
	o     Options
	queue workqueue.TypedDelayingInterface[delivery.Key]
}

// New returns a Writer that writes nothing until Run.
func New(o Options) *Writer {
	if o.Busy == nil {
		o.Busy = func() bool { return false }
	}
	if o.Workers == 0 {
		o.Workers = 8
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Writer{o: o, queue: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[delivery.Key]{Clock: o.Clock})}
}

// Changed has the state of the object looked at soon. It returns at once, and is cheap when called again before that.
func (w *Writer) Changed(key delivery.Key) {
	w.queue.AddAfter(key, 200*time.Millisecond)
}

// Run writes until ctx ends. It is called once.
func (w *Writer) Run(ctx context.Context) {
	<-ctx.Done()
	w.queue.ShutDown()
}
