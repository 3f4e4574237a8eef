// Package ledger remembers what is owed to members that cannot be reached: objects that they shall delete, or keep without marks, although
// their sources are gone. It is kept in ConfigMaps of the federation API, so that no restart and no change of leader forgets it.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// Namespace is where the ConfigMaps are, in the federation API.
const Namespace = "kube-system"

const (
	// lazily is how long what is settled waits for more of it.
	lazily = 2 * time.Second
	// refresh is how often all is read again, for what another leader has written that was one for longer than it knew.
	refresh = 10 * time.Minute
	// writers is how many members' ConfigMaps are written at a time.
	writers = 4
)

var errStopped = errors.New("the ledger is closed")

// Entry is what a member owes us.
type Entry struct {
	Key    delivery.Key
	UID    types.UID // of the source that is gone
	Former Former    // of sources of that name that went before, which the member has not seen to either
	Orphan bool      // the copy stays, without marks; otherwise it is deleted
	// Version is that of the API in which the kind was federated, so that the member can be asked although the kind is no more; "" if
	// that is not known.
	Version string
}

// Former are UIDs, the first first, separated by commas.
type Former string

// mostFormer is how many of them are kept: the member is likelier to have a copy of the first than of any after it.
const mostFormer = 16

func (f Former) count() int {
	if f == "" {
		return 0
	}
	return 1 + strings.Count(string(f), ",")
}

// Of tells whether the entry is about copies of the source with the UID.
func (e Entry) Of(uid types.UID) bool {
	return e.UID == uid || uid != "" && slices.Contains(strings.Split(string(e.Former), ","), string(uid))
}

// after is the entry that takes the place of one that the member owes still. It is about the copies of both. What was to stay stays: to
// take marks off destroys nothing.
func (e Entry) after(before Entry) Entry {
	e.Orphan = e.Orphan || before.Orphan
	var former []string
	for uid := range strings.SplitSeq(fmt.Sprintf("%s,%s,%s", before.Former, before.UID, e.Former), ",") {
		if uid != "" && uid != string(e.UID) && !slices.Contains(former, uid) {
			former = append(former, uid)
		}
	}
	e.Former = Former(strings.Join(former[:min(len(former), mostFormer)], ","))
	return e
}

// Ledger is safe for use by several goroutines. The zero one is of no use: see New.
type Ledger struct {
	maps  corev1client.ConfigMapInterface
	queue workqueue.TypedRateLimitingInterface[string] // members to write for: one writer at a time for each
	ended chan struct{}                                // closed when Run ends
	io    sync.RWMutex                                 // held by writers; wholly by Load

	mu    sync.Mutex
	books map[string]*book
}

// book is what one member owes.
type book struct {
	pages   []*page                    // as they are stored; a page itself is never changed
	settled map[delivery.Key]types.UID // is on the pages still, and owed no more
	next    *batch                     // nil if there is nothing to record
}

// batch is what is written together.
type batch struct {
	forget bool // all there was before
	add    map[delivery.Key]Entry
	done   chan struct{}
	err    error // read after done
}

// New returns a ledger in the ConfigMaps of Namespace. It knows nothing until Load, and writes nothing until Run.
func New(configMaps corev1client.ConfigMapInterface) *Ledger {
	return &Ledger{
		maps:  configMaps,
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
		ended: make(chan struct{}),
		books: map[string]*book{},
	}
}

// Run writes what is recorded and settled, until ctx ends.
func (l *Ledger) Run(ctx context.Context) {
	defer close(l.ended)
	var running sync.WaitGroup
	for range writers {
		running.Go(func() { l.work(ctx) })
	}
	again := time.NewTicker(refresh)
	defer again.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-again.C:
			if err := l.Load(ctx); err != nil && ctx.Err() == nil {
				ctrl.LoggerFrom(ctx).Error(err, "The ledger could not be read again")
			}
		}
	}
	l.queue.ShutDown()
	running.Wait()
}

func (l *Ledger) work(ctx context.Context) {
	for {
		cluster, ended := l.queue.Get()
		if ended {
			return
		}
		if err := l.write(ctx, cluster); err != nil {
			l.queue.AddRateLimited(cluster) // what was settled; what was to be recorded is its caller's to try again
			ctrl.LoggerFrom(ctx).V(1).Info("The ledger could not be written", "cluster", cluster, "err", err.Error())
		} else {
			l.queue.Forget(cluster)
		}
		l.queue.Done(cluster)
	}
}

// Owed tells whether the member owes us something under the key. What was not recorded for good yet is not owed.
func (l *Ledger) Owed(cluster string, key delivery.Key) (Entry, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.books[cluster]
	if b == nil {
		return Entry{}, false
	}
	for _, p := range b.pages {
		if v, ok := p.entries[key]; ok && !b.isSettled(key, v.uid) {
			return v.entry(key), true
		}
	}
	return Entry{}, false
}

func (b *book) isSettled(key delivery.Key, uid types.UID) bool {
	settled, ok := b.settled[key]
	return ok && settled == uid
}

// All returns what the member owes us, in no order.
func (l *Ledger) All(cluster string) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.books[cluster]
	if b == nil {
		return nil
	}
	found := map[delivery.Key]Entry{}
	for _, p := range slices.Backward(b.pages) { // of two pages with a key the first counts, as for Owed
		for key, v := range p.entries {
			if !b.isSettled(key, v.uid) {
				found[key] = v.entry(key)
			}
		}
	}
	return slices.Collect(maps.Values(found))
}

// Clusters returns the members that have ConfigMaps, sorted. Those that are members no more are to be forgotten.
func (l *Ledger) Clusters() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for cluster, b := range l.books {
		if len(b.pages) > 0 {
			found = append(found, cluster)
		}
	}
	slices.Sort(found)
	return found
}

// Record returns nil when the entries are stored for good. What was owed under the same keys becomes part of them. Calls for the same member are
// written together. With an error, some of the entries may be stored.
func (l *Ledger) Record(ctx context.Context, cluster string, entries ...Entry) error {
	for _, e := range entries {
		if e.Key.Kind == "" || e.Key.Name == "" || e.UID == "" {
			return fmt.Errorf("record what member %q owes: %q with UID %q is no object", cluster, e.Key, e.UID)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return l.wait(ctx, cluster, func(b *book) {
		for _, e := range entries {
			if before, ok := b.next.add[e.Key]; ok {
				e = e.after(before)
			}
			b.next.add[e.Key] = e
			if b.isSettled(e.Key, e.UID) {
				delete(b.settled, e.Key)
			}
		}
	})
}

// Settle says that the member owes the entry no more: at once for Owed, and after a while, together with others, in the ConfigMaps. Should
// the process end in between, the entry is owed again, and the member finds it done: to delete what is not there, or to take marks off
// what has none, changes nothing. An entry under the same key with another UID stays.
func (l *Ledger) Settle(cluster string, e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.books[cluster]
	if b == nil || !slices.ContainsFunc(b.pages, func(p *page) bool { return p.has(e.Key, e.UID) }) {
		return
	}
	b.settled[e.Key] = e.UID
	l.queue.AddAfter(cluster, lazily)
}

// Forget removes all that the member owes, since it is a member no more. It returns nil when nothing is stored.
func (l *Ledger) Forget(ctx context.Context, cluster string) error {
	return l.wait(ctx, cluster, func(b *book) {
		b.next.forget = true
		clear(b.next.add)
	})
}

// wait adds to the member's next batch and waits until it is stored.
func (l *Ledger) wait(ctx context.Context, cluster string, change func(*book)) error {
	l.mu.Lock()
	b := l.book(cluster)
	if b.next == nil {
		b.next = &batch{add: map[delivery.Key]Entry{}, done: make(chan struct{})}
	}
	change(b)
	written := b.next
	l.mu.Unlock()
	l.queue.Add(cluster)
	select {
	case <-written.done:
		return written.err
	case <-ctx.Done():
		return fmt.Errorf("wait for the ledger of member %q: %w", cluster, context.Cause(ctx))
	case <-l.ended:
		return fmt.Errorf("write the ledger of member %q: %w", cluster, errStopped)
	}
}

// book returns that of the member, whose mutex is held.
func (l *Ledger) book(cluster string) *book {
	b := l.books[cluster]
	if b == nil {
		b = &book{settled: map[delivery.Key]types.UID{}}
		l.books[cluster] = b
	}
	return b
}
