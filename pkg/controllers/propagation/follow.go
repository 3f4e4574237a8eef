package propagation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// identifyAgain is how soon a federation API that did not answer is asked who it is.
const identifyAgain = time.Second

// followers are those of kinds that come and go.
type followers struct {
	mu     sync.Mutex
	custom []kinds.Kind
	told   bool // custom are known
	wake   chan struct{}

	wanted atomic.Pointer[map[kinds.ID]bool] // all kinds that are federated; nil until they are known
}

// want notes that these are all kinds.
func (f *followers) want(all []kinds.Kind) {
	wanted := make(map[kinds.ID]bool, len(all))
	for _, k := range all {
		wanted[k.ID()] = true
	}
	f.wanted.Store(&wanted)
}

// dropped says whether it is certain that a kind is not federated, so that it has no sources.
func (f *followers) dropped(id kinds.ID) bool {
	wanted := f.wanted.Load()
	return wanted != nil && !(*wanted)[id]
}

// followKinds follows the sources of all kinds until ctx ends.
func (c *Controller) followKinds(ctx context.Context) error {
	if c.o.CustomKinds != nil {
		cancel := c.o.CustomKinds.Subscribe(func(all []kinds.Kind) {
			c.follower.mu.Lock()
			c.follower.custom, c.follower.told = all, true
			c.follower.mu.Unlock()
			poke(c.follower.wake)
		})
		defer cancel()
	}
	followed := map[kinds.ID]*following{}
	for {
		c.follower.mu.Lock()
		wanted := append(slices.Clone(c.o.Kinds), c.follower.custom...)
		told := c.follower.told || c.o.CustomKinds == nil
		c.follower.mu.Unlock()
		slices.SortStableFunc(wanted, inOrder)
		if told {
			c.follower.want(wanted)
		}
		c.followThese(ctx, followed, wanted)
		if told {
			for _, p := range c.posts.list() {
				c.collect(p) // what is owed of kinds that are federated no more
			}
		}
		select {
		case <-ctx.Done():
			for _, f := range followed {
				<-f.done
			}
			return nil
		case <-c.follower.wake:
		}
	}
}

// following is a kind while it is followed.
type following struct {
	kind kinds.Kind
	stop context.CancelFunc
	done chan struct{}
}

// followThese begins and ends what is followed. A kind named twice is followed as it is named first.
func (c *Controller) followThese(ctx context.Context, followed map[kinds.ID]*following, wanted []kinds.Kind) {
	for id, f := range followed {
		if !slices.Contains(wanted, f.kind) {
			f.stop()
			<-f.done
			delete(followed, id)
			c.sources.close(id)
			c.plans.close(id)
		}
	}
	for _, k := range wanted {
		if followed[k.ID()] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		f := &following{kind: k, stop: cancel, done: make(chan struct{})}
		followed[k.ID()] = f
		c.sources.open(k)
		c.gates.add(k)
		go func() {
			defer close(f.done)
			c.reflector(k).RunWithContext(ctx)
		}()
	}
}

// reflector tells the store below what becomes of the objects of a kind.
func (c *Controller) reflector(k kinds.Kind) *toolscache.Reflector {
	resource := c.objects.Resource(k.GroupVersionResource())
	example := &unstructured.Unstructured{}
	example.SetGroupVersionKind(k.GroupVersionKind())
	return toolscache.NewReflectorWithOptions(&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return resource.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return resource.Watch(ctx, o)
		},
	}, example, &store{c: c, kind: k}, toolscache.ReflectorOptions{Name: "federation API: " + string(k.ID())})
}

// store is what a Reflector puts its objects into. Each becomes a source at once, and is let go.
type store struct {
	c    *Controller
	kind kinds.Kind
	full bool // it was filled once
}

// Transformer makes sources of the objects of a first list while they are still coming in.
func (s *store) Transformer() toolscache.TransformFunc {
	return func(obj any) (any, error) { return s.read(obj) }
}

func (s *store) read(obj any) (*source, error) {
	switch o := obj.(type) {
	case *source:
		return o, nil
	case *unstructured.Unstructured:
		return read(s.kind, o, s.c.marks, s.c.o.Clock.Now()), nil
	default:
		return nil, fmt.Errorf("a %T instead of an object of kind %s", obj, s.kind.Kind)
	}
}

func (s *store) Add(obj any) error { return s.Update(obj) }

func (s *store) Update(obj any) error {
	o, err := s.read(obj)
	if err == nil {
		s.c.saw(o, false)
	}
	return err
}

func (s *store) Delete(obj any) error {
	o, err := s.read(obj)
	if err == nil {
		s.c.deleted(o)
	}
	return err
}

// Replace makes these the sources of the kind. One that is not among them any more was not seen being deleted.
func (s *store) Replace(list []any, _ string) error {
	names := make(map[name]bool, len(list))
	for _, obj := range list {
		o, err := s.read(obj)
		if err != nil {
			return err
		}
		names[name{o.key.Namespace, o.key.Name}] = true
		s.c.saw(o, !s.full)
	}
	for _, key := range s.c.sources.settle(s.kind.ID(), names) {
		s.c.vanished(key)
	}
	if !s.full {
		s.full = true
		s.c.survey(s.kind)
	}
	return nil
}

func (s *store) Resync() error { return nil }

// poke wakes who listens, unless that was done already.
func poke(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
