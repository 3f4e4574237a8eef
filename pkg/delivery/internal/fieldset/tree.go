package fieldset

import (
	"bytes"
	"sync"
)

// node is one path element of a set of fields.
type node struct {
	key         []byte // behind its kind and the colon
	kind        byte   // f: a field, k: an item by its keys, v: a value of a set, i: an index
	self        bool   // what is here is owned as such, not only parts of it
	taken       bool   // an item of the body has just these keys
	child, next int32  // none at the end
}

// none is where no node is.
const none int32 = -1

// walker has the memory for reading sets, which is used again.
type walker struct {
	nodes   []node
	matches []int32
	scratch []byte
	names   []byte // of nodes, where something was escaped in them
	custom  bool   // the object is of a kind that is not known to have no maps of objects
}

var walkers = sync.Pool{New: func() any { return new(walker) }}

func (w *walker) release() {
	clear(w.nodes) // its keys are parts of what was read
	w.nodes, w.matches, w.scratch, w.names, w.custom = w.nodes[:0], w.matches[:0], w.scratch[:0], w.names[:0], false
	if cap(w.nodes) <= 1<<15 { // a few objects are huge, and would stay
		walkers.Put(w)
	}
}

// read returns the root of a set of fields.
func (w *walker) read(fieldsV1 []byte) (int32, error) {
	t := text{data: fieldsV1}
	root := w.add(node{kind: 'f'})
	if err := w.readChildren(root, &t, 0); err != nil {
		return none, err
	}
	if t.next() != 0 {
		return none, t.malformed()
	}
	return root, nil
}

func (w *walker) add(n node) int32 {
	n.child, n.next = none, none
	w.nodes = append(w.nodes, n)
	return int32(len(w.nodes) - 1) //nolint:gosec // a set has as many nodes as bytes at most, and API servers' answers are far below 2 GiB
}

func (w *walker) readChildren(parent int32, t *text, depth int) error {
	if depth > deepest {
		return errTooDeep
	}
	if !t.take('{') {
		return t.malformed()
	}
	last := none
	for first := true; ; {
		more, err := t.more('}', &first)
		if err != nil || !more {
			return err
		}
		key, err := t.rawName()
		if err != nil {
			return err
		}
		if bytes.IndexByte(key, '\\') >= 0 {
			begin := len(w.names)
			if w.names, err = unquoteInto(w.names, key); err != nil {
				return err
			}
			key = w.names[begin:]
		}
		if len(key) < 2 || key[1] != ':' {
			w.nodes[parent].self = w.nodes[parent].self || string(key) == "."
			if _, err := t.skip(); err != nil {
				return err
			}
			continue
		}
		n := w.add(node{kind: key[0], key: key[2:]})
		if last == none {
			w.nodes[parent].child = n
		} else {
			w.nodes[last].next = n
		}
		last = n
		if err := w.readChildren(n, t, depth+1); err != nil {
			return err
		}
	}
}

// leaf tells whether a node is owned as a whole, or has lost all that it had.
func (w *walker) leaf(n int32) bool { return w.nodes[n].child == none }

// field returns the field of that name below a node. It looks first at where hint points, and leaves there what probably comes next:
// both sides are mostly in the same order.
func (w *walker) field(n int32, name []byte, hint *int32) int32 {
	if n == none {
		return none
	}
	start := none
	if hint != nil {
		start = *hint
	}
	for at := start; at != none; at = w.nodes[at].next {
		if w.isField(at, name) {
			*hint = w.nodes[at].next
			return at
		}
	}
	for at := w.nodes[n].child; at != start; at = w.nodes[at].next {
		if w.isField(at, name) {
			if hint != nil {
				*hint = w.nodes[at].next
			}
			return at
		}
	}
	return none
}

func (w *walker) isField(n int32, name []byte) bool {
	return w.nodes[n].kind == 'f' && bytes.Equal(w.nodes[n].key, name)
}

// structured tells whether a node is known to be a struct, whose fields have no path of their own beside those of their parts; what is in
// a map has.
func (w *walker) structured(n int32) bool {
	for at := w.nodes[n].child; at != none; at = w.nodes[at].next {
		if !w.leaf(at) && w.nodes[at].kind == 'f' && !w.nodes[at].self {
			return true
		}
	}
	return false
}
