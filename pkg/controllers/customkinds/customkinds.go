// Package customkinds follows the CustomResourceDefinitions of the federation API. Those that are marked bring kinds of their own into
// the federation.
package customkinds

import (
	"context"
	"maps"
	"slices"
	"sync"

	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Definitions has the metadata of the CustomResourceDefinitions of the federation API, as the manager's cache does.
type Definitions interface {
	GetInformer(ctx context.Context, obj client.Object, opts ...cache.InformerGetOption) (cache.Informer, error)
	List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error
}

// Live asks the federation API itself, as the manager's API reader does.
type Live interface {
	Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error
	List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error
}

// Options are what a Follower works with. All are required but Clock.
type Options struct {
	Definitions Definitions
	Live        Live
	Writer      client.Writer
	Clock       clock.Clock // default: the real one
}

// Follower knows the kinds of marked CustomResourceDefinitions, lets the admission policy and the rights of the controller manager have
// them, and tells who subscribed. It may be used from several goroutines.
type Follower struct {
	o    Options
	wake chan struct{} // something may have changed

	mu          sync.Mutex
	kinds       []kinds.Kind // nil until all definitions were looked at
	subscribers map[int]func([]kinds.Kind)
	next        int

	telling sync.Mutex // one call of a subscriber at a time, in the order of what happened

	// Of the goroutine of Start alone.
	looked map[string]looked // by name of the definition
}

// New returns a Follower that does nothing before Start.
func New(o Options) *Follower {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Follower{
		o:           o,
		wake:        make(chan struct{}, 1),
		subscribers: map[int]func([]kinds.Kind){},
		looked:      map[string]looked{},
	}
}

// Kinds returns the kinds as they are now, sorted by ID: that of CustomResourceDefinitions, and one for each that is marked and
// established. It is nil until the definitions are known, and never empty after that. A kind that is not marked any more, and of which
// there are objects that the federation still holds on to, is Leaving. The caller owns the slice.
func (f *Follower) Kinds() []kinds.Kind {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.kinds)
}

// Subscribe calls back with all kinds: at once if they are known, and whenever they have changed, one call at a time. After cancel has
// returned there are no more calls; the callback must neither cancel nor subscribe itself.
func (f *Follower) Subscribe(changed func([]kinds.Kind)) (cancel func()) {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	id := f.next
	f.next++
	f.subscribers[id] = changed
	known := slices.Clone(f.kinds)
	f.mu.Unlock()
	if known != nil {
		changed(known)
	}
	return func() {
		f.telling.Lock()
		defer f.telling.Unlock()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subscribers, id)
	}
}

// tell makes these the kinds, and tells it if they were others.
func (f *Follower) tell(now []kinds.Kind) {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	same := f.kinds != nil && slices.Equal(f.kinds, now)
	f.kinds = now
	all := slices.Collect(maps.Values(f.subscribers))
	f.mu.Unlock()
	if same {
		return
	}
	for _, changed := range all {
		changed(slices.Clone(now))
	}
}

// awake is how the informer says that something may have changed.
func (f *Follower) awake() toolscache.ResourceEventHandlerFuncs {
	wake := func() {
		select {
		case f.wake <- struct{}{}:
		default: // it will look anyway
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { wake() },
		UpdateFunc: func(any, any) { wake() },
		DeleteFunc: func(any) { wake() },
	}
}
