package ledger

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// Load reads what is stored. It is called before anything that is owed may be missed.
func (l *Ledger) Load(ctx context.Context) error {
	l.io.Lock()
	defer l.io.Unlock()
	pages, err := l.list(ctx, fedv1beta1.LabelCluster)
	if err != nil {
		return fmt.Errorf("load what members owe: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.books {
		b.pages = nil
	}
	for cluster, found := range pages {
		l.book(cluster).pages = found
	}
	return nil
}

// list returns the pages that a selector selects, by member.
func (l *Ledger) list(ctx context.Context, selector string) (map[string][]*page, error) {
	pages := map[string][]*page{}
	o := metav1.ListOptions{LabelSelector: selector, Limit: 20} // pages are large
	for {
		found, err := l.maps.List(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("list ConfigMaps labelled %s in namespace %q: %w", selector, Namespace, err)
		}
		for i := range found.Items {
			if p, cluster, ok := read(&found.Items[i]); ok {
				pages[cluster] = append(pages[cluster], p)
			}
		}
		if o.Continue = found.Continue; o.Continue == "" {
			return pages, nil
		}
	}
}

// write stores what was recorded for a member, and removes what is settled. Nobody else does for the same member.
func (l *Ledger) write(ctx context.Context, cluster string) error {
	l.io.RLock()
	defer l.io.RUnlock()
	l.mu.Lock()
	b := l.book(cluster)
	next := b.next
	b.next = nil
	l.mu.Unlock()
	if next == nil {
		next = &batch{done: make(chan struct{})}
	}
	defer close(next.done)
	if next.forget {
		if next.err = l.erase(ctx, cluster); next.err != nil {
			return next.err
		}
	}
	l.mu.Lock()
	changes := b.changes(cluster, next.add)
	l.mu.Unlock()
	for _, c := range changes {
		p, err := l.store(ctx, cluster, c)
		if err != nil {
			next.err = err
			return err
		}
		l.mu.Lock()
		b.replace(c.page.name, p)
		l.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b.tidy()
	return nil
}

// erase removes all pages of a member, also those of another leader.
func (l *Ledger) erase(ctx context.Context, cluster string) error {
	pages, err := l.list(ctx, fedv1beta1.LabelCluster+"="+cluster)
	if err != nil {
		return fmt.Errorf("forget what member %q owes: %w", cluster, err)
	}
	for _, p := range pages[cluster] {
		if err := l.maps.Delete(ctx, p.name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("forget what member %q owes: delete ConfigMap %q: %w", cluster, p.name, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.book(cluster)
	b.pages = nil
	clear(b.settled)
	return nil
}

// replace puts a stored page in the place of the one with that name; nil takes it away.
func (b *book) replace(name string, p *page) {
	i := slices.IndexFunc(b.pages, func(old *page) bool { return old.name == name })
	switch {
	case i >= 0 && p != nil:
		b.pages[i] = p
	case i >= 0:
		b.pages = slices.Delete(b.pages, i, i+1)
	case p != nil:
		b.pages = append(b.pages, p)
	}
}

// settledOn yields what is settled and still on the page. It takes as long as the shorter of both: there may be a hundred thousand.
func (b *book) settledOn(p *page) iter.Seq2[delivery.Key, types.UID] {
	return func(yield func(delivery.Key, types.UID) bool) {
		if len(b.settled) < len(p.entries) {
			for key, uid := range b.settled {
				if p.has(key, uid) && !yield(key, uid) {
					return
				}
			}
			return
		}
		for key, v := range p.entries {
			if b.isSettled(key, v.uid) && !yield(key, v.uid) {
				return
			}
		}
	}
}

// tidy drops what is settled for good.
func (b *book) tidy() {
	left := map[delivery.Key]types.UID{}
	for _, p := range b.pages {
		maps.Insert(left, b.settledOn(p))
	}
	b.settled = left
}

// races is how often a page is tried that somebody else writes too.
var races = wait.Backoff{Steps: 12, Duration: 5 * time.Millisecond, Factor: 1.5, Jitter: 1}

// store changes a page. When somebody else was faster, the change is made to what they left.
func (l *Ledger) store(ctx context.Context, cluster string, c *change) (*page, error) {
	var stored *page
	err := retry.OnError(races, isRace, func() (err error) {
		stored, err = l.storeOnce(ctx, cluster, c.apply())
		if !isRace(err) {
			return err
		}
		now, getErr := l.maps.Get(ctx, c.page.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(getErr):
			c.page = &page{name: c.page.name, entries: map[delivery.Key]value{}}
		case getErr != nil:
			return getErr
		default:
			p, _, ok := read(now)
			if !ok {
				return fmt.Errorf("it is not a page of the ledger of member %q; remove it: kubectl delete configmap -n %s %s", cluster, Namespace, c.page.name)
			}
			c.page = p
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write ConfigMap %q: %w", c.page.name, err)
	}
	return stored, nil
}

func isRace(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err)
}

// storeOnce returns nil if the page was empty and is gone.
func (l *Ledger) storeOnce(ctx context.Context, cluster string, p *page) (*page, error) {
	var stored *corev1.ConfigMap
	var err error
	switch {
	case p.empty() && !p.stored:
		return nil, nil
	case p.empty():
		return nil, l.maps.Delete(ctx, p.name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.uid, ResourceVersion: &p.version}})
	case !p.stored:
		stored, err = l.maps.Create(ctx, p.configMap(cluster), metav1.CreateOptions{FieldManager: "fedhelm"})
	default:
		stored, err = l.maps.Update(ctx, p.configMap(cluster), metav1.UpdateOptions{FieldManager: "fedhelm"})
	}
	if err != nil {
		return nil, err
	}
	p.uid, p.version, p.stored = stored.UID, stored.ResourceVersion, true
	return p, nil
}
