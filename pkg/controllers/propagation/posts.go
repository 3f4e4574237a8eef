package propagation

import (
	"cmp"
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// agent is what this package needs of a delivery.Agent.
type agent interface {
	Watch(k kinds.Kind)
	Survey(k kinds.Kind)
	Review(id kinds.ID)
	Want(k delivery.Key, p delivery.Priority)
	Report(k delivery.Key) delivery.Report
	Synced(kind kinds.ID) bool
	SetReachable(reachable bool)
	ReleaseBrake()
	Standing() delivery.Standing
}

// post is a member with the Agent that works there.
type post struct {
	name   string
	member *members.Member
	agent  agent
	begun  time.Time
	owing  atomic.Pointer[map[kinds.ID]kinds.Kind] // kinds of what it owes
}

// posts are those of all members that can be asked something. Reading them takes no lock.
type posts struct {
	mu  sync.Mutex // of writers
	all atomic.Pointer[map[string]*post]
}

// get returns the post of a member; nil if there is none.
func (p *posts) get(name string) *post {
	if all := p.all.Load(); all != nil {
		return (*all)[name]
	}
	return nil
}

// list returns all, which are not to be changed.
func (p *posts) list() map[string]*post {
	if all := p.all.Load(); all != nil {
		return *all
	}
	return nil
}

// set makes this the post of a member; nil takes it away.
func (p *posts) set(name string, is *post) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := maps.Clone(p.list())
	if next == nil {
		next = map[string]*post{}
	}
	if is == nil {
		delete(next, name)
	} else {
		next[name] = is
	}
	p.all.Store(&next)
}

// attend gives every Member an Agent, until ctx ends. The Agents end with their Members.
func (c *Controller) attend(ctx context.Context) error {
	var mu sync.Mutex
	due := map[string]bool{}
	wake := make(chan struct{}, 1)
	cancel := c.o.Members.Subscribe(func(name string) {
		mu.Lock()
		due[name] = true
		mu.Unlock()
		poke(wake)
	})
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		}
		mu.Lock()
		names := due
		due = map[string]bool{}
		mu.Unlock()
		for name := range names {
			member, _ := c.o.Members.Get(name)
			c.staff(name, member)
		}
	}
}

// staff begins or ends work on a member; nil is none.
func (c *Controller) staff(name string, member *members.Member) {
	was := c.posts.get(name)
	if was != nil && was.member == member {
		return
	}
	if member == nil {
		c.posts.set(name, nil)
		return
	}
	a := delivery.New(delivery.Options{
		Member: member, Federation: c.marks.Federation, FederationUID: c.marks.FederationUID, Reserved: c.reserved(member),
		Wish:    func(k delivery.Key) delivery.Wish { return c.wish(name, k) },
		Changed: func(k delivery.Key) { c.reported(name, k) },
		Kind:    func(id kinds.ID) (kinds.Kind, bool) { return c.kindIn(name, id) },
		Metrics: c.metrics.delivery, Limits: c.o.Delivery,
	})
	is := &post{name: name, member: member, agent: a, begun: c.o.Clock.Now()}
	if !member.Go(a.Run) {
		c.posts.set(name, nil) // it has ended already, and its successor will be told
		return
	}
	c.posts.set(name, is)
	c.brief(is)
}

// reserved is the namespace of a member in which nothing is put: that of the account that the federation has there, wherever who runs the
// member has put that, else where join does.
func (c *Controller) reserved(m *members.Member) string { return cmp.Or(m.Home, c.o.Namespace) }

// brief tells an Agent what there is.
func (c *Controller) brief(p *post) {
	f := c.reach(p)
	if f.get(p.name) == nil {
		return // when it is one of the fleet, its Agent is told
	}
	for _, k := range c.sources.kinds() {
		c.briefKind(p, k)
		at := f.at[p.name]
		for _, s := range c.sources.all(k.ID(), func(s *source) bool { return !s.excluded }) {
			if s.problem == "" && f.selects(s.selector).in[at] {
				p.agent.Want(s.key, delivery.Recheck)
			}
		}
	}
	c.collect(p)
}

// reach tells an Agent whether its member answers, and returns the fleet that says so. That is still the fleet of now afterwards: or else
// what was said last could be what was so before.
func (c *Controller) reach(p *post) *fleet {
	for f := c.fleet.Load(); ; {
		if m := f.get(p.name); m != nil {
			p.agent.SetReachable(m.ready)
		}
		now := c.fleet.Load()
		if now == f {
			return f
		}
		f = now
	}
}

// collect has a member look at what it owes.
func (c *Controller) collect(p *post) {
	all := c.o.Ledger.All(p.name)
	owing := map[kinds.ID]kinds.Kind{}
	for _, owed := range all {
		if owed.Version > owing[owed.Key.Kind].Version {
			owing[owed.Key.Kind] = kindOwed(owed)
		}
	}
	p.owing.Store(&owing)
	for _, owed := range all {
		p.agent.Want(owed.Key, delivery.Recheck)
	}
}

// kindOwed is as much of a kind as is needed to ask for what is owed of it.
func kindOwed(owed ledger.Entry) kinds.Kind {
	of := schema.ParseGroupResource(string(owed.Key.Kind))
	return kinds.Kind{Group: of.Group, Version: owed.Version, Resource: of.Resource, Namespaced: owed.Key.Namespace != ""}
}

// kindIn says how an Agent asks for a kind: also for one that is federated no more while the member owes something of it.
func (c *Controller) kindIn(member string, id kinds.ID) (kinds.Kind, bool) {
	k, ok := c.sources.kind(id)
	if ok || !c.follower.dropped(id) {
		return k, ok
	}
	p := c.posts.get(member)
	if p == nil {
		return kinds.Kind{}, false
	}
	if owing := p.owing.Load(); owing != nil {
		k, ok = (*owing)[id]
	}
	return k, ok
}

// briefKind has copies of a kind followed, or looked for.
func (c *Controller) briefKind(p *post, k kinds.Kind) {
	if !c.sources.synced(k.ID()) {
		return // which is to come
	}
	if c.sources.used(k.ID()) {
		p.agent.Watch(k)
	} else {
		p.agent.Survey(k)
	}
	p.agent.Review(k.ID()) // copies that were found before all sources were known
}

// survey is for a kind whose sources are all known now.
func (c *Controller) survey(k kinds.Kind) {
	for _, p := range c.posts.list() {
		c.briefKind(p, k)
	}
}

// watch is for a kind that has its first source.
func (c *Controller) watch(id kinds.ID) {
	k, ok := c.sources.kind(id)
	if !ok {
		return
	}
	for _, p := range c.posts.list() {
		p.agent.Watch(k)
	}
}

// want has members look at a key.
func (c *Controller) want(k delivery.Key, priority delivery.Priority, names []string) {
	posts := c.posts.list()
	for _, name := range names {
		if p := posts[name]; p != nil {
			p.agent.Want(k, priority)
		}
	}
}

// reported is how an Agent says that a Report has changed. It must not ask the Agent anything.
func (c *Controller) reported(member string, k delivery.Key) {
	if c.flights.awaits(member, k) || c.owed(member, k) {
		c.landing.Add(place{member, k})
	}
	s, _ := c.sources.get(k)
	if s == nil {
		return
	}
	c.o.Changed(k)
	if s.leaving() {
		c.tending.AddAfter(k, c.settling())
		return
	}
	if s.divided != kinds.Whole {
		c.planning.AddAfter(k, replanPause)
	}
}

// settling is how long to wait for other members' words on a source that is leaving: all are looked at for each.
func (c *Controller) settling() time.Duration {
	return min(time.Duration(len(c.fleet.Load().members))*100*time.Microsecond, replanPause)
}

func (c *Controller) owed(member string, k delivery.Key) bool {
	_, ok := c.o.Ledger.Owed(member, k)
	return ok
}
