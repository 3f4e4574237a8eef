package delivery

import (
	"container/heap"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// queue hands out keys: those of users first, each kind of urgency in the order in which they came. A key is in it once, and is not handed
// out while somebody has it. It has neither goroutine nor timer: who takes keys out asks when the next is due.
type queue struct {
	clock clock.PassiveClock
	wake  chan struct{} // has an element whenever there may be a key to be had, or one to be had sooner than before
	count func(Priority, int)

	mu     sync.Mutex
	items  map[Key]*item
	ready  [User + 1]line
	waits  [User + 1]int // keys in ready
	later  byTime
	closed bool
}

// item is a key that is in the queue, or that somebody has.
type item struct {
	key      Key
	priority Priority // of the next turn
	queued   bool     // in ready[priority]
	busy     bool     // somebody has it
	again    bool     // to be queued when it is given back
	at       time.Time
	index    int // in later; -1 if it is not there
}

// newQueue returns an empty queue that wakes somebody when there is something in it. count is told how many keys of a priority are ready.
func newQueue(c clock.PassiveClock, wake chan struct{}, count func(Priority, int)) *queue {
	return &queue{clock: c, wake: wake, count: count, items: map[Key]*item{}}
}

// add puts a key in, which can be had at once.
func (q *queue) add(k Key, p Priority) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	it := q.item(k, p)
	if it.index >= 0 { // what waits for a user's change does not become less urgent
		heap.Remove(&q.later, it.index)
		p = max(p, it.priority)
	}
	q.push(it, p)
}

// addAfter puts a key in that can be had after some time, unless it is there sooner.
func (q *queue) addAfter(k Key, p Priority, d time.Duration) {
	if d <= 0 {
		q.add(k, p)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	it, at := q.item(k, p), q.clock.Now().Add(d)
	switch {
	case it.queued || it.again:
	case it.index < 0:
		it.at, it.priority = at, p
		heap.Push(&q.later, it)
	default:
		it.priority = max(it.priority, p)
		if at.Before(it.at) {
			it.at = at
			heap.Fix(&q.later, it.index)
		}
	}
	if it.index == 0 {
		q.signal()
	}
}

// get takes a key out; ok is false if none is ready. It must be given back with done.
func (q *queue) get() (k Key, p Priority, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ripen()
	for p := User; p >= Recheck; p-- {
		for {
			it := q.ready[p].pop()
			if it == nil {
				break
			}
			if !it.queued || it.priority != p { // it was had, or became more urgent, since
				continue
			}
			it.queued, it.busy = false, true
			q.waiting(p, -1)
			if q.waits[User]+q.waits[Recheck] > 0 {
				q.signal()
			}
			return it.key, p, true
		}
	}
	return Key{}, 0, false
}

// done gives a key back.
func (q *queue) done(k Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	it := q.items[k]
	it.busy = false
	switch {
	case it.again:
		it.again = false
		q.push(it, it.priority)
	case it.index < 0:
		delete(q.items, k)
	}
}

// some returns how many keys could be had, and if there are none, how long that takes at least.
func (q *queue) some() (n int, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ripen()
	n = q.waits[User] + q.waits[Recheck]
	switch {
	case n > 0:
		return n, 0
	case len(q.later) > 0:
		return 0, q.later[0].at.Sub(q.clock.Now())
	default:
		return 0, housekeeping
	}
}

// lengths are how many keys could be had.
func (q *queue) lengths() map[Priority]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return map[Priority]int{Recheck: q.waits[Recheck], User: q.waits[User]}
}

// close makes the queue take no more keys.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

func (q *queue) item(k Key, p Priority) *item {
	it := q.items[k]
	if it == nil {
		it = &item{key: k, priority: p, index: -1}
		q.items[k] = it
	}
	return it
}

// push makes an item ready, or notes that it shall be when it is given back.
func (q *queue) push(it *item, p Priority) {
	switch {
	case it.busy:
		if it.again {
			p = max(p, it.priority)
		}
		it.again, it.priority = true, p
		return
	case it.queued && it.priority >= p:
		return
	case it.queued:
		q.waiting(it.priority, -1)
	}
	it.queued, it.priority = true, p
	q.ready[p].push(it)
	q.waiting(p, 1)
	q.signal()
}

func (q *queue) waiting(p Priority, more int) {
	q.waits[p] += more
	q.count(p, q.waits[p])
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// ripen makes those ready that are due.
func (q *queue) ripen() {
	if len(q.later) == 0 {
		return
	}
	for now := q.clock.Now(); len(q.later) > 0 && !q.later[0].at.After(now); {
		it := heap.Pop(&q.later).(*item)
		q.push(it, it.priority)
	}
}
