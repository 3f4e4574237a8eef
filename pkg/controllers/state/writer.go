package state

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// How long an object rests.
const (
	// settle lets members that do the same at the same time be told of at once.
	settle = 200 * time.Millisecond
	// pace is between two writes of one object, and between two looks that came to nothing.
	pace = time.Second
	// longestSoft is how long progress waits while members have work of users waiting. longestBulk is how long it waits, of objects that
	// nobody has changed since the process began, while they have any: what has to be done then is done sooner.
	longestSoft, longestBulk = 5 * time.Second, time.Minute
	// longestNap is between two looks whether something must wait on.
	longestNap = 3 * time.Second
	// longestUnlooked is how long an object rests that no member has looked at yet, or, since the process has just begun, not each; what is
	// written of it then holds probably. longestLate is how long members that have wait for those that have not.
	longestUnlooked, longestLate = 30 * time.Second, 2 * time.Second
	// longestRetry is between two tries to write what the API refuses.
	longestRetry = 30 * time.Second
)

// Writer writes the state of objects into the federation API. What it writes is made from the Snapshot at that moment, however many changes
// led to it: at most once a second for each object, and nothing that is there already.
type Writer struct {
	o     Options
	queue workqueue.TypedDelayingInterface[delivery.Key]

	mu sync.Mutex
	// due is when the objects in the queue are looked at, at the earliest.
	due map[delivery.Key]time.Time
	// memory is of objects that something is pending with; most have none.
	memory map[delivery.Key]*memory
	// helm remembers the ReplicaSets that are kept for Helm.
	helm map[delivery.Key]replicaSet
}

// memory is what has to be remembered of an object between two looks.
type memory struct {
	waits    time.Time // since when its state is held back; zero if it is not
	version  string    // that the last write has led to, until a snapshot shows it
	failures int       // in a row
}

// New returns a Writer that writes nothing until Run.
func New(o Options) *Writer {
	o.complete()
	return &Writer{
		o:     o,
		queue: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[delivery.Key]{Clock: o.Clock}),
		due:   map[delivery.Key]time.Time{}, memory: map[delivery.Key]*memory{}, helm: map[delivery.Key]replicaSet{},
	}
}

// Changed has the state of the object looked at soon. It does not block, and costs next to nothing while a look is due anyway.
func (w *Writer) Changed(key delivery.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, is := w.due[key]; !is {
		w.after(key, settle)
	}
}

// Run writes until ctx ends, and returns when nothing is under way any more. It is called once.
func (w *Writer) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range w.o.Workers {
		workers.Go(func() {
			for w.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	w.queue.ShutDown()
	workers.Wait()
}

// next works on one object. It is false when there will be no more.
func (w *Writer) next(ctx context.Context) bool {
	key, end := w.queue.Get()
	if end {
		return false
	}
	defer w.queue.Done(key)
	w.mu.Lock()
	m, is := w.take(key)
	w.mu.Unlock()
	if !is || ctx.Err() != nil {
		return true
	}
	again := w.look(ctx, key, &m)

	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.memory, key)
	if m != (memory{}) {
		w.memory[key] = &m
	}
	if again > 0 {
		w.after(key, again)
	}
	return true
}

// take returns the memory of an object that is due; false if it is not, since another time was agreed upon when it was in the queue already. The
// caller holds mu.
func (w *Writer) take(key delivery.Key) (memory, bool) {
	due, is := w.due[key]
	if !is {
		return memory{}, false
	}
	if early := due.Sub(w.o.Clock.Now()); early > 0 {
		w.queue.AddAfter(key, early)
		return memory{}, false
	}
	delete(w.due, key)
	if m := w.memory[key]; m != nil {
		return *m, true
	}
	return memory{}, true
}

// after has an object looked at after some time, whatever was agreed upon before. The caller holds mu.
func (w *Writer) after(key delivery.Key, d time.Duration) {
	w.due[key] = w.o.Clock.Now().Add(d)
	w.queue.AddAfter(key, d)
}
