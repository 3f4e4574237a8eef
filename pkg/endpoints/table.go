package endpoints

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// mostSlices is how many slices are kept of a member, which is not ours to trust: more than federated Services have in any.
	mostSlices = 100_000
	// longestName is more than a namespace, or a Service, can have, and what an EndpointSlice can.
	longestName = 253
)

// table is what is known of one member.
type table struct {
	mu        sync.RWMutex
	knowledge Knowledge
	slices    map[types.NamespacedName]count
	services  map[types.NamespacedName]int // endpoints that are ready; those with none are not in it
	list      uint64                       // number of the list that is under way, or of the last one
	over      bool                         // there are slices that are not kept
	said      bool                         // that there are too many
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
	t.over = false
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
	t.said = t.said && t.over
	return changed, t.know(Known)
}

// excess tells whether there are more slices than are kept, once until a list has no more than that.
func (t *table) excess() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	is := t.over && !t.said
	t.said = t.said || t.over
	return is
}

// distrust says that the member lists more than it can have. It tells whether that is new.
func (t *table) distrust() bool {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	return t.excess()
}

// saw takes in a slice; nil is one that is gone. It returns the Services that became another thereby. One that is too many is not kept: as if it
// were not there, until a list has it when there is room.
func (t *table) saw(name types.NamespacedName, s *slice) (changed []types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var now *count
	if s != nil {
		now = &count{service: s.service(), ready: s.ready(), list: t.list}
		_, kept := t.slices[name]
		if !kept && len(t.slices) >= mostSlices || max(len(name.Namespace), len(name.Name), len(now.service)) > longestName {
			t.over = true
			return nil
		}
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
