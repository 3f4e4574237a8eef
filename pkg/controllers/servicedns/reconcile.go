package servicedns

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
)

const (
	// pace is between two writes of one Service.
	pace = time.Second
	// longestLag is how long it may take until a write is seen. A federation API that was restored since then never shows it.
	longestLag = 30 * time.Second
	// patience is how long zones may take for a change until the Service says that they have not made it.
	patience = 3 * time.Second
)

// memory is what is remembered of a Service that is published. It is used by one goroutine at a time, but for members and ingress.
type memory struct {
	uid     types.UID
	since   time.Time            // when it was first seen
	members dnsstate.Members     // as decided last; under the Controller's mu
	ingress types.NamespacedName // likewise
	wrote   time.Time            // the last write
	version string               // resourceVersion that it has led to, until the cache has it
	waits   time.Time            // since when zones have not made what is wanted; zero if they have
	settled bool                 // they had it once since the process began
	moves   moves
	none    map[*zone]bool // zones that know that there shall be no names
}

// end is how a Service came to be there no more.
type end int

const (
	untold  end = iota // it is there, or what became of it is to be told yet
	deleted            // its deletion was seen
	lost               // a list lacked it, perhaps since the federation API was restored
)

// reconcile looks at a Service, has its names made what they shall be, and says how it stands. It returns when to look again; 0: when something
// has changed.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (again time.Duration, err error) {
	o, exists, err := c.informer.GetStore().GetByKey(key.String())
	service, ok := o.(*corev1.Service)
	if err != nil || !exists || !ok {
		c.bury(key)
		return 0, err
	}
	s := read(service, c.kind, c.o.TTL)
	if s.deleting || !s.published {
		c.retract(key)
		if s.annotation == "" && s.condition == nil {
			return 0, nil
		}
		c.unwant(key) // what was published by the process before
		if s.deleting {
			return 0, nil
		}
		return 0, c.clear(ctx, s)
	}
	m := c.remember(s)
	if older(service.ResourceVersion, m.version) && c.o.Clock.Since(m.wrote) < longestLag {
		return pace / 5, nil // what was written is not seen yet: it would be told of again
	}
	m.version = ""
	f := c.fleet.Load()
	d := c.judge(s, m, f)
	return c.say(ctx, s, m, d)
}

// remember returns the memory of a Service, from now on one that is told of changes.
func (c *Controller) remember(s *source) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.published[s.key]
	if m == nil || m.uid != s.uid {
		m = &memory{uid: s.uid, since: c.o.Clock.Now(), members: s.before, moves: newMoves(s.before), none: map[*zone]bool{}}
		c.published[s.key] = m
	}
	ingress := types.NamespacedName{}
	if s.ingress != "" {
		ingress = types.NamespacedName{Namespace: s.key.Namespace, Name: s.ingress}
	}
	c.attach(s.key, m, ingress)
	return m
}

// attach has the Service looked at when the Ingress changes that it has addresses of. The caller holds mu.
func (c *Controller) attach(key types.NamespacedName, m *memory, ingress types.NamespacedName) {
	if m.ingress == ingress {
		return
	}
	if users := c.ingresses[m.ingress]; users != nil {
		if delete(users, key); len(users) == 0 {
			delete(c.ingresses, m.ingress)
		}
	}
	if m.ingress = ingress; ingress.Name == "" {
		return
	}
	if c.ingresses[ingress] == nil {
		c.ingresses[ingress] = map[types.NamespacedName]bool{}
	}
	c.ingresses[ingress][key] = true
}

// retract forgets a Service that shall have no names any more.
func (c *Controller) retract(key types.NamespacedName) {
	if c.forget(key) {
		c.unwant(key)
	}
}

// bury forgets a Service that is there no more. The names of one that was not seen being deleted are the keepers' to judge: they may be those of
// all Services, in members that still run them.
func (c *Controller) bury(key types.NamespacedName) {
	c.mu.Lock()
	is := c.ended[key]
	delete(c.ended, key)
	c.mu.Unlock()
	switch is {
	case untold:
	case deleted:
		c.retract(key)
	case lost:
		c.forget(key)
		for _, z := range c.zones {
			z.keeper.Lose(key.String())
		}
	}
}

// forget tells whether the Service was published.
func (c *Controller) forget(key types.NamespacedName) bool {
	c.mu.Lock()
	m := c.published[key]
	if m != nil {
		c.attach(key, m, types.NamespacedName{})
		delete(c.published, key)
	}
	c.mu.Unlock()
	if m == nil {
		return false
	}
	c.hosts.use(key, nil)
	return true
}

func (c *Controller) unwant(key types.NamespacedName) {
	for _, z := range c.zones {
		z.keeper.Want(key.String(), nil)
	}
}

// verdict is what there is to say of a Service.
type verdict struct {
	members  dnsstate.Members
	names    int
	problems []string // why parts of it are not published
	doubts   []string // members whose endpoints may not be read
	unknown  []string // hostnames that were never resolved, and their members
	strays   string   // members that are drained, and that there are not
	zones    []standing
}

// standing is how it stands with a Service in one zone.
type standing struct {
	zone   string
	wanted bool
	keeper.ServiceStatus
}

// judge decides, and has the zones make it so.
func (c *Controller) judge(s *source, m *memory, f *fleet) verdict {
	views := c.views(s, m.members, f)
	var hosts []string
	v := verdict{problems: s.problems, strays: dnsstate.StrayDrains(s.drained, f.has)}
	for i := range views {
		hosts = append(hosts, views[i].hostnames...)
		if views[i].knowledge == endpoints.Forbidden {
			v.doubts = append(v.doubts, views[i].member)
		}
		if problem := f.members[views[i].member].problem; problem != "" && s.from == nodes {
			v.problems = append(v.problems, fmt.Sprintf("%s: %s", views[i].member, problem))
		}
	}
	c.hosts.use(s.key, distinct(hosts))
	v.members = decide(m.members, views, c.hosts.lookup, c.o.NamedHosts)
	v.unknown = unresolved(views, c.hosts.unresolved)
	c.mu.Lock()
	m.members = v.members
	c.mu.Unlock()

	service := dns.Service{Namespace: s.key.Namespace, Name: s.key.Name, TTL: s.ttl, Backends: v.members.Backends()}
	for _, z := range c.zones {
		wanted, problems := dns.Desired(z.naming, service, f.places)
		for _, p := range problems {
			v.problems = append(v.problems, p.Message)
		}
		if len(wanted) > 0 || !m.none[z] { // a keeper forgets who wants nothing, and has nothing: it would begin anew, and tell of it, for ever
			z.keeper.Want(s.key.String(), wanted)
		}
		m.none[z] = len(wanted) == 0
		v.names += len(wanted)
		v.zones = append(v.zones, standing{zone: z.name, wanted: len(wanted) > 0, ServiceStatus: z.keeper.Service(s.key.String())})
	}
	v.problems = distinct(v.problems)
	return v
}
