package fakeapi

import (
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// remembered is how many changes of a kind can be watched in hindsight, at least.
const remembered = 4096

// collection has the objects of a kind. All of it is guarded by the API's mu.
type collection struct {
	kind    kinds.Kind
	objects map[id]*object
	events  []event       // the last ones, oldest first
	since   uint64        // of what happened until then, nothing is remembered
	changed chan struct{} // closed with the next event
}

// id is an object's within its kind.
type id struct{ namespace, name string }

// event is a change of an object: before is nil when it was made, after when it was deleted.
type event struct {
	version       uint64
	before, after *object
}

func newCollection(k kinds.Kind) *collection {
	return &collection{kind: k, objects: map[id]*object{}, changed: make(chan struct{})}
}

func (c *collection) reset(version uint64) {
	c.objects, c.events, c.since = map[id]*object{}, nil, version+1
	c.tell()
}

func (c *collection) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// put makes after what is there under the name; nil takes it out.
func (c *collection) put(version uint64, at id, after *object) {
	before := c.objects[at]
	if after == nil {
		delete(c.objects, at)
	} else {
		c.objects[at] = after
	}
	if len(c.events) >= 2*remembered {
		c.events = slices.Clone(c.events[remembered:])
		c.since = c.events[0].version - 1
	}
	c.events = append(c.events, event{version, before, after})
	c.tell()
}

// after returns what has happened since the version; ok is false if that is not remembered.
func (c *collection) after(version uint64) (events []event, ok bool) {
	if version < c.since {
		return nil, false
	}
	first, _ := slices.BinarySearchFunc(c.events, version+1, func(e event, v uint64) int {
		switch {
		case e.version < v:
			return -1
		case e.version > v:
			return 1
		default:
			return 0
		}
	})
	return slices.Clone(c.events[first:]), true
}

// all returns what matches, in the order of namespace and name.
func (c *collection) all(m match) []*object {
	var found []*object
	for at, o := range c.objects {
		if m.object(at, o) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *object) int {
		if a.namespace != b.namespace {
			return strings.Compare(a.namespace, b.namespace)
		}
		return strings.Compare(a.name, b.name)
	})
	return found
}
