package servicedns

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/hostname"
)

const (
	// How long it takes at least and at most until a hostname is resolved again.
	soonestAgain = 30 * time.Second
	latestAgain  = 10 * time.Minute
	// longestLookup is how long an answer may take.
	longestLookup = 10 * time.Second
	resolvers     = 8
)

// hostnames knows what the hostnames of load balancers lead to, for as long as a Service uses them.
type hostnames struct {
	resolver Resolver
	clock    clock.WithTicker
	changed  func(types.NamespacedName)
	queue    workqueue.TypedDelayingInterface[string]

	mu    sync.Mutex
	hosts map[string]*host
	used  map[types.NamespacedName][]string
}

// host is what is known of one.
type host struct {
	addresses []netip.Addr
	known     bool
	failed    bool // it was asked for in vain; matters while nothing is known
	users     map[types.NamespacedName]bool
}

func newHostnames(r Resolver, c clock.WithTicker, changed func(types.NamespacedName)) *hostnames {
	return &hostnames{
		resolver: r, clock: c, changed: changed, hosts: map[string]*host{}, used: map[types.NamespacedName][]string{},
		queue: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[string]{Clock: c}),
	}
}

// use says which hostnames a Service uses now.
func (h *hostnames) use(service types.NamespacedName, names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Equal(h.used[service], names) {
		return
	}
	for _, name := range h.used[service] {
		delete(h.hosts[name].users, service)
	}
	for _, name := range names {
		is := h.hosts[name]
		if is == nil {
			is = &host{users: map[types.NamespacedName]bool{}}
			h.hosts[name] = is
			h.queue.Add(name)
		}
		is.users[service] = true
	}
	for _, name := range h.used[service] {
		if len(h.hosts[name].users) == 0 {
			delete(h.hosts, name)
		}
	}
	if h.used[service] = names; len(names) == 0 {
		delete(h.used, service)
	}
}

// lookup says what a hostname in use leads to.
func (h *hostnames) lookup(name string) ([]netip.Addr, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if is := h.hosts[name]; is != nil {
		return is.addresses, is.known
	}
	return nil, false
}

// unresolved tells whether a hostname in use was never resolved, though that was tried.
func (h *hostnames) unresolved(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	is := h.hosts[name]
	return is != nil && !is.known && is.failed
}

// run resolves until ctx ends.
func (h *hostnames) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range resolvers {
		workers.Go(func() {
			for {
				name, end := h.queue.Get()
				if end {
					return
				}
				if again := h.resolve(ctx, name); again > 0 {
					h.queue.AddAfter(name, again)
				}
				h.queue.Done(name)
			}
		})
	}
	<-ctx.Done()
	h.queue.ShutDown()
	workers.Wait()
}

// resolve asks for a hostname, and returns when to do so again; 0: not at all. What cannot be found out leaves what is known as it is.
func (h *hostnames) resolve(ctx context.Context, name string) time.Duration {
	h.mu.Lock()
	used := h.hosts[name] != nil
	h.mu.Unlock()
	if !used || ctx.Err() != nil {
		return 0
	}
	asking, cancel := context.WithTimeout(ctx, longestLookup)
	found, ttl, err := h.resolver.Resolve(asking, name)
	cancel()
	found = once(found)

	h.mu.Lock()
	is := h.hosts[name]
	if is == nil || ctx.Err() != nil {
		h.mu.Unlock()
		return 0
	}
	var tell []types.NamespacedName
	answered := hostname.IsNone(err) && !is.known || err == nil && (!is.known || !slices.Equal(is.addresses, found))
	if answered {
		is.addresses, is.known = found, true
	}
	news := answered || !is.known && !is.failed
	is.failed = err != nil
	if news {
		for user := range is.users {
			tell = append(tell, user)
		}
	}
	h.mu.Unlock()
	if err != nil {
		ctrl.LoggerFrom(ctx).V(1).Info("The hostname of a load balancer was not resolved", "hostname", name, "reason", err.Error())
		ttl = 0
	}
	for _, user := range tell {
		h.changed(user)
	}
	return min(max(ttl, soonestAgain), latestAgain)
}
