// Package endpoints knows for which federated Services members have endpoints that are ready. It follows the EndpointSlices that carry the
// federation's label, which Kubernetes gives them as their Services have it, and keeps a number for each.
package endpoints

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/members"
)

// Knowledge says what is known of a member's endpoints.
type Knowledge int

// Knowledge of a member.
const (
	// Unknown: the member has not answered yet.
	Unknown Knowledge = iota
	// Forbidden: the federation may not read EndpointSlices there.
	Forbidden
	// Known: they are as they were when the member was last heard of.
	Known
)

// Options are what a Follower works with. Changed, which must not block, is told of a Service in a member that has got its first endpoint that is
// ready or has lost the last, and of a member whose Knowledge is another: then service is the zero one.
type Options struct {
	Federation string
	Members    *members.Registry
	Changed    func(member string, service types.NamespacedName)
	Clock      clock.WithTicker // the real one if nil
}

// Follower follows the endpoints of all members.
type Follower struct {
	o Options

	mu     sync.RWMutex
	tables map[string]*table // by member
}

// New returns a Follower that does nothing until Start.
func New(o Options) *Follower {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Follower{o: o, tables: map[string]*table{}}
}

// Ready is how many endpoints of a Service are ready in a member, and what is known of that member.
func (f *Follower) Ready(member string, service types.NamespacedName) (int, Knowledge) {
	f.mu.RLock()
	t := f.tables[member]
	f.mu.RUnlock()
	if t == nil {
		return 0, Unknown
	}
	return t.ready(service)
}

// NeedLeaderElection says that only one instance at a time need do this.
func (f *Follower) NeedLeaderElection() bool { return true }

// Start follows members as they come and go until ctx ends. It returns when nothing of it is at work any more.
func (f *Follower) Start(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	due := newDue()
	defer f.o.Members.Subscribe(due.add)()
	at := map[string]*members.Member{}
	for {
		names := due.wait(ctx)
		if names == nil {
			return nil
		}
		for _, name := range names {
			member, _ := f.o.Members.Get(name)
			if _, is := f.o.Members.State(name); !is {
				f.drop(name)
			}
			if member == at[name] {
				continue
			}
			delete(at, name)
			if member == nil {
				continue
			}
			at[name] = member
			f.attend(ctx, member, &running)
		}
	}
}

// attend follows one member until it or ctx ends. What was known of one that had the name before is known until this one has answered. A table has
// one follower at a time all the same: a Registry has no Member of a name before all that was begun by Go on the one before has ended.
func (f *Follower) attend(ctx context.Context, m *members.Member, running *sync.WaitGroup) {
	f.mu.Lock()
	t := f.tables[m.Name]
	if t == nil {
		t = newTable()
		f.tables[m.Name] = t
	}
	f.mu.Unlock()
	running.Add(1)
	begun := m.Go(func(life context.Context) {
		defer running.Done()
		life, cancel := context.WithCancel(life)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		(&follower{Options: &f.o, member: m, table: t}).run(life)
	})
	if !begun {
		running.Done()
	}
}

// drop forgets a member that is none any more.
func (f *Follower) drop(name string) {
	f.mu.Lock()
	_, was := f.tables[name]
	delete(f.tables, name)
	f.mu.Unlock()
	if was {
		f.o.Changed(name, types.NamespacedName{})
	}
}
