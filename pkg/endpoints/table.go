package endpoints

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// table is what is known of one member.
type table struct {
	mu        sync.RWMutex
	knowledge Knowledge
	slices    map[types.NamespacedName]count
	services  map[types.NamespacedName]int // endpoints that are ready; those with none are not in it
	list      uint64                       // number of the list that is under way, or of the last one
}

// count is what is kept of an EndpointSlice.
type count struct {
	service string
	ready   int
	list    uint64 // that it was last in
}

func newTable() *table {
	return &table{slices: map[types.NamespacedName]count{}, services: map[types.NamespacedName]int{}}
}

func (t *table) ready(service types.NamespacedName) (int, Knowledge) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.services[service], t.knowledge
}

// begin says that a list is under way: what is not seen until end is gone.
func (t *table) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list++
}

// end says that all of the list was seen. It returns the Services that became another thereby, and whether the knowledge has.
func (t *table) end() (changed []types.NamespacedName, knowledge bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, c := range t.slices {
		if c.list != t.list {
			if t.put(name, nil) {
				changed = append(changed, types.NamespacedName{Namespace: name.Namespace, Name: c.service})
			}
		}
	}
	return changed, t.know(Known)
}

// saw takes in a slice; nil is one that is gone. It returns the Services that became another thereby.
func (t *table) saw(name types.NamespacedName, s *slice) (changed []types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var now *count
	if s != nil {
		now = &count{service: s.service(), ready: s.ready(), list: t.list}
	}
	was := t.slices[name].service
	if was != "" && now != nil && was != now.service {
		if t.put(name, nil) {
			changed = append(changed, types.NamespacedName{Namespace: name.Namespace, Name: was})
		}
	}
	if now != nil {
		was = now.service
	}
	if t.put(name, now) {
		changed = append(changed, types.NamespacedName{Namespace: name.Namespace, Name: was})
	}
	return changed
}

// put counts a slice, or no more. It tells whether its Service has got its first endpoint thereby, or lost the last. The caller holds mu.
func (t *table) put(name types.NamespacedName, now *count) bool {
	was := t.slices[name]
	service := types.NamespacedName{Namespace: name.Namespace, Name: was.service}
	if now != nil {
		service.Name = now.service
	}
	before := t.services[service]
	after := before - was.ready
	if now == nil {
		delete(t.slices, name)
	} else {
		after += now.ready
		t.slices[name] = *now
	}
	if after > 0 {
		t.services[service] = after
	} else {
		delete(t.services, service)
	}
	return (before > 0) != (after > 0)
}

// failed says that the member does not let the slices be read. It tells whether that is new.
func (t *table) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.know(Forbidden)
}

func (t *table) know(k Knowledge) bool {
	was := t.knowledge
	t.knowledge = k
	return was != k
}
