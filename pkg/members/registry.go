// Package members knows the clusters that joined the federation: it follows each Cluster and its Secret, hands out a way to reach the
// member for as long as it may be used, and renews its token.
package members

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Secrets are those of the federation's namespace in the host cluster.
type Secrets interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*corev1.Secret, error)
	List(ctx context.Context, o metav1.ListOptions) (*corev1.SecretList, error)
	Watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error)
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, o metav1.PatchOptions, subresources ...string) (*corev1.Secret, error)
}

// Options are what a Registry works with. Federation, Secrets and TokenLifetime are required.
type Options struct {
	Federation string // its name
	// Clusters are watched by Start. Without them the registry follows what Follow says, and nothing else.
	Clusters      ClusterSource
	Secrets       Secrets
	ClientAddress netip.Addr // the controller manager's own; the zero one is in no range of client addresses
	TokenLifetime time.Duration
	UserAgent     string
	Clock         clock.Clock // the real one if nil
}

// Registry has one entry for each Cluster. The zero Registry is of no use: see New.
type Registry struct {
	o Options

	mu          sync.Mutex
	entries     map[string]*entry
	ending      map[string]*entry // taken away, and not ended yet
	subscribers map[int]func(name string)
	last        int // id of a subscriber
	running     sync.WaitGroup
}

// New returns a registry that does nothing until Start.
func New(o Options) *Registry {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Registry{o: o, entries: map[string]*entry{}, ending: map[string]*entry{}, subscribers: map[int]func(string){}}
}

// Follow makes the registry follow a Cluster as it is now, until ctx ends or Forget is called. It does not block. When another Cluster had
// the name, its member ends before there is a new one.
func (r *Registry) Follow(ctx context.Context, cluster *fedv1beta1.Cluster) {
	want := wanted(cluster)
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil { // what begins now would not be waited for
		return
	}
	before := r.entries[cluster.Name]
	if before != nil && before.uid == cluster.UID {
		before.want(want)
		return
	}
	if before != nil {
		before.stop()
	} else {
		before = r.ending[cluster.Name]
	}
	e := newEntry(r, cluster)
	e.want(want)
	r.entries[cluster.Name] = e
	ctx, e.stop = context.WithCancel(ctx)
	r.running.Go(func() {
		defer r.ended(e)
		if before != nil {
			<-before.done
		}
		e.run(ctx)
	})
}

func (r *Registry) ended(e *entry) {
	close(e.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending[e.name] == e {
		delete(r.ending, e.name)
	}
}

// Forget ends everything that belongs to the Cluster, which is gone. It does not block; subscribers are told when that is done.
func (r *Registry) Forget(name string) {
	r.mu.Lock()
	e := r.entries[name]
	if e != nil {
		delete(r.entries, name)
		r.ending[name] = e
	}
	r.mu.Unlock()
	if e == nil {
		return
	}
	e.stop()
	r.notify(name)
}

// Get returns the member of that name, if there is one that can be asked something.
func (r *Registry) Get(name string) (*Member, bool) {
	s, _ := r.State(name)
	return s.Member, s.Member != nil
}

// List returns all members that can be asked something, by name.
func (r *Registry) List() []*Member {
	var all []*Member
	for _, name := range r.Names() {
		if m, ok := r.Get(name); ok {
			all = append(all, m)
		}
	}
	return all
}

// Names returns the names of all Clusters that are followed, sorted.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.entries))
	for name := range r.entries {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

// State returns what is known of a Cluster; ok is false if it is not followed.
func (r *Registry) State(name string) (s State, ok bool) {
	r.mu.Lock()
	e := r.entries[name]
	r.mu.Unlock()
	if e == nil {
		return State{}, false
	}
	return e.current(), true
}

// Subscribe makes changed be called with the name of a Cluster whenever its State has changed, or it is no longer followed, and once for
// each that is followed now. It is called from several goroutines, and must not block: it says that something changed, not what. The
// function returned ends that.
func (r *Registry) Subscribe(changed func(name string)) (cancel func()) {
	r.mu.Lock()
	r.last++
	id := r.last
	r.subscribers[id] = changed
	r.mu.Unlock()
	for _, name := range r.Names() {
		changed(name)
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.subscribers, id)
	}
}

func (r *Registry) notify(name string) {
	r.mu.Lock()
	all := make([]func(string), 0, len(r.subscribers))
	for _, f := range r.subscribers {
		all = append(all, f)
	}
	r.mu.Unlock()
	for _, f := range all {
		f(name)
	}
}
