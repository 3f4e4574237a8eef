package propagation

import (
	"slices"
	"sync"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// sources are the objects of the federation API, of the kinds that are followed.
type sources struct {
	mu      sync.RWMutex
	tables  map[kinds.ID]*table
	scalers map[delivery.Key][]delivery.Key // autoscalers by what they scale, sorted by name
	steps   uint64                          // revisions so far
}

// table has the sources of one kind.
type table struct {
	kind    kinds.Kind
	objects map[name]*source
	synced  bool // all are known
	within  int  // how many are not excluded
}

type name struct{ namespace, name string }

func newSources() *sources {
	return &sources{tables: map[kinds.ID]*table{}, scalers: map[delivery.Key][]delivery.Key{}}
}

// open begins a kind.
func (s *sources) open(k kinds.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[k.ID()] = &table{kind: k, objects: map[name]*source{}}
}

// close forgets a kind, of which nothing is known then.
func (s *sources) close(id kinds.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tables[id]; t != nil {
		for _, o := range t.objects {
			s.unindex(o)
		}
	}
	delete(s.tables, id)
}

// get returns the source, nil if there is none. all says that the sources of the kind are known, so that there is none indeed.
func (s *sources) get(k delivery.Key) (o *source, all bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[k.Kind]
	if t == nil {
		return nil, false
	}
	return t.objects[name{k.Namespace, k.Name}], t.synced
}

// kind returns a kind that is followed.
func (s *sources) kind(id kinds.ID) (kinds.Kind, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[id]
	if t == nil {
		return kinds.Kind{}, false
	}
	return t.kind, true
}

// synced says whether all sources of a kind are known. Those of a kind that is not followed never are.
func (s *sources) synced(id kinds.ID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[id]
	return t != nil && t.synced
}

// put stores a source and returns the one before. first says that it is the first of its kind to go into members. A source of a kind
// that is not followed any more is not stored: ok is false.
func (s *sources) put(o *source) (before *source, first, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[o.key.Kind]
	if t == nil {
		return nil, false, false
	}
	at := name{o.key.Namespace, o.key.Name}
	s.steps++
	o.revision, o.touched = s.steps, t.synced
	if before = t.objects[at]; before != nil {
		t.count(before, -1)
		s.unindex(before)
		o.orphan = o.orphan || o.deleting && before.orphan && before.uid == o.uid // the finalizer that said so is gone by now
		if before.same(o) {
			o.over(before)
		}
	}
	first = t.count(o, 1) && t.within == 1
	t.objects[at] = o
	s.index(o)
	return before, first, true
}

// remove takes a source away and returns it; nil if there was none.
func (s *sources) remove(k delivery.Key) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[k.Kind]
	if t == nil {
		return nil
	}
	at := name{k.Namespace, k.Name}
	before := t.objects[at]
	if before != nil {
		t.count(before, -1)
		s.unindex(before)
		delete(t.objects, at)
	}
	return before
}

// count reports whether the source counts as one that goes into members.
func (t *table) count(o *source, by int) bool {
	if o.excluded {
		return false
	}
	t.within += by
	return true
}

// settle says that all sources of a kind are known now, which are those of names, and returns the keys of others that were.
func (s *sources) settle(id kinds.ID, names map[name]bool) (gone []delivery.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[id]
	if t == nil {
		return nil
	}
	t.synced = true
	for at, o := range t.objects {
		if !names[at] {
			gone = append(gone, o.key)
		}
	}
	return gone
}

// all returns the sources of one kind that pick says yes to; it is called under the lock.
func (s *sources) all(id kinds.ID, pick func(*source) bool) []*source {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[id]
	if t == nil {
		return nil
	}
	var picked []*source
	for _, o := range t.objects {
		if pick(o) {
			picked = append(picked, o)
		}
	}
	return picked
}

// kinds returns those that are followed: namespaces and definitions first, which others wait for.
func (s *sources) kinds() []kinds.Kind {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]kinds.Kind, 0, len(s.tables))
	for _, t := range s.tables {
		all = append(all, t.kind)
	}
	slices.SortFunc(all, inOrder)
	return all
}

// used says whether there are sources of a kind that go into members.
func (s *sources) used(id kinds.ID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[id]
	return t != nil && t.within > 0
}

// counts has the number of sources that go into members by kind.
func (s *sources) counts() map[kinds.ID]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	counts := make(map[kinds.ID]int, len(s.tables))
	for id, t := range s.tables {
		counts[id] = t.within
	}
	return counts
}
