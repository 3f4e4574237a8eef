package delivery

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// housekeeping is how long the Agent rests at most while nothing happens.
const housekeeping = 5 * time.Minute

// Agent brings one member in line with what is wished of it. Its methods may be called from any goroutine, before and while it runs, and
// do not block.
type Agent struct {
	Options

	queue  *queue
	crews  *queue // workloads whose pods are to be looked at, when there is nothing else to do
	gate   *gate
	client *client
	brake  brake
	large  largeSlot
	counts counts

	mu        sync.Mutex
	tables    map[kinds.ID]*table
	begun     []*table // to be followed, or asked about, by a goroutine of Run
	awaiting  map[Key]map[Key]Priority
	visit     time.Time // the last turn that was given to a visit
	defined   time.Time // when a definition was established last
	reachable bool
}

// New returns an Agent that does nothing until it runs. It takes the member for reachable.
func New(o Options) *Agent {
	a := &Agent{Options: o.withDefaults(), tables: map[kinds.ID]*table{}, awaiting: map[Key]map[Key]Priority{}, reachable: true}
	wake := make(chan struct{}, 1)
	a.queue = newQueue(a.Clock, wake, a.Metrics.depthOf(a.Member.Name))
	a.crews = newQueue(a.Clock, wake, func(Priority, int) {})
	a.gate = newGate(a.Clock, a.Limits.Requests, a.queue.signal, a.recovered)
	a.client = &client{Options: &a.Options, gate: a.gate}
	return a
}

// Run works until the context ends, and returns when nothing of it is at work any more. It is called once.
func (a *Agent) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer a.Metrics.forget(a.Member.Name)
	defer work.Wait()
	defer a.queue.close()
	defer a.crews.close()
	defer cancel()
	for {
		for _, t := range a.toBegin() {
			work.Go(func() { a.follow(ctx, t) })
		}
		timer := a.Clock.NewTimer(a.handOut(ctx, &work))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-a.queue.wake:
		case <-timer.C():
		}
		timer.Stop()
	}
}

// toBegin returns the kinds that somebody should begin to follow.
func (a *Agent) toBegin() []*table {
	a.mu.Lock()
	defer a.mu.Unlock()
	begun := a.begun
	a.begun = nil
	return begun
}

// handOut lets workers in for the keys that there are, as far as the gate does. It returns when it should be called again at the latest.
func (a *Agent) handOut(ctx context.Context, work *sync.WaitGroup) time.Duration {
	keys, wait := a.queue.some()
	crews, crewsWait := a.crews.some()
	for range keys + crews {
		ok, wait := a.gate.enter()
		if !ok && wait > 0 {
			return wait
		}
		if !ok { // until somebody leaves
			return housekeeping
		}
		work.Go(func() {
			defer a.gate.leave()
			a.labour(ctx)
		})
	}
	if keys+crews > 0 {
		return housekeeping
	}
	return max(1, min(wait, crewsWait))
}

// labour works on keys as long as there are some.
func (a *Agent) labour(ctx context.Context) {
	for ctx.Err() == nil && a.gate.mayStay() {
		if k, p, ok := a.queue.get(); ok {
			a.work(ctx, k, p)
			a.passLarge(k)
			a.queue.done(k)
		} else if k, _, ok := a.crews.get(); ok {
			a.lookAtPods(ctx, k)
			a.crews.done(k)
		} else {
			return
		}
	}
}

// Watch begins to follow the copies of a kind; Want does so by itself.
func (a *Agent) Watch(k kinds.Kind) { a.follower(k, listing) }

// Survey looks whether there are copies of a kind that nothing is wished of, left behind by somebody; if so, it is as Watch.
func (a *Agent) Survey(k kinds.Kind) { a.follower(k, asked) }

// Want has a worker look at the key, with the wish of that time.
func (a *Agent) Want(k Key, p Priority) { a.queue.add(k, p) }

// Report is how it stands with a key.
func (a *Agent) Report(k Key) Report {
	t := a.table(k.Kind)
	if t == nil {
		return Report{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.records[k.name()]; r != nil {
		return r.report()
	}
	return Report{}
}

// Synced tells whether all copies of a kind are known. Of a kind that the member does not serve there are none.
func (a *Agent) Synced(id kinds.ID) bool {
	t := a.table(id)
	if t == nil {
		return false
	}
	switch t.at() {
	case synced, without, notServed:
		return true
	default:
		return false
	}
}

// SetReachable says whether the member answers, as far as others know. All work pauses while it does not; then what failed is tried again.
func (a *Agent) SetReachable(reachable bool) {
	a.mu.Lock()
	was := a.reachable
	a.reachable = reachable
	a.mu.Unlock()
	a.gate.set(reachable)
	if reachable && !was {
		a.retryAll()
	}
}

// retryAll tries again at once what waits for a better time.
func (a *Agent) retryAll() {
	for _, t := range a.allTables() {
		t.bar(false, time.Time{}) // what it said while it was in trouble says nothing of the kind
		t.wake()
		for _, n := range t.forgive(func(*record) bool { return true }) {
			a.queue.add(t.key(n), Recheck)
		}
	}
}

// recovered tries again what the member did not answer to, since it answers now.
func (a *Agent) recovered() {
	for _, t := range a.allTables() {
		for _, n := range t.forgive(func(r *record) bool { return r.state == Unreachable }) {
			a.queue.add(t.key(n), Recheck)
		}
	}
}

// Standing says how the Agent is doing.
func (a *Agent) Standing() Standing {
	s := Standing{Held: int(a.counts.held.Load()), Queued: a.queue.lengths(), Paused: a.gate.closed()}
	for _, t := range a.allTables() {
		s.Copies += t.copies()
	}
	return s
}

// table returns that of a kind; nil if nobody has asked for the kind.
func (a *Agent) table(id kinds.ID) *table {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tables[id]
}

func (a *Agent) allTables() []*table {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Values(a.tables))
}

// follower returns the table of a kind, which somebody follows, or (asked) finds out whether there is anything to follow.
func (a *Agent) follower(k kinds.Kind, to phase) *table {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tables[k.ID()]
	if t == nil || t.kind != k {
		if t != nil {
			a.discount(t)
		}
		t = newTable(lens{kind: k, federation: a.Federation, federationUID: a.FederationUID})
		t.counts = &a.counts
		a.tables[k.ID()] = t
	}
	if t.begin(to) {
		a.begun = append(a.begun, t)
		a.queue.signal()
	}
	return t
}
