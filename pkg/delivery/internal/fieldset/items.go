package fieldset

import (
	"bytes"
	"strconv"
)

// match finds the nodes of a list's items and puts them on the stack of matches, one for each item: those of items that give all keys. For
// others it puts none; item looks further. Below no node there are no matches.
func (w *walker) match(n int32, t text) error {
	if n == none {
		return nil
	}
	t.take('[')
	hint := w.nodes[n].child
	i := 0
	for first := true; ; i++ {
		more, err := t.more(']', &first)
		if err != nil || !more {
			return err
		}
		ahead := t
		wanted, kind, err := w.wanted(w.nodes[n].child, &ahead, i)
		if err != nil {
			return err
		}
		found := none
		if kind != 0 {
			found = w.exact(n, kind, wanted, &hint)
		}
		if found != none {
			w.nodes[found].taken = true
		}
		w.matches = append(w.matches, found)
		if _, err := t.skip(); err != nil {
			return err
		}
	}
}

// wanted says how the i-th item of a list, which begins at t, would be written as a node of the kind that the list's first node has.
// The kind is 0 if that cannot be said. It is valid until the next call.
func (w *walker) wanted(like int32, t *text, i int) (key []byte, kind byte, err error) {
	if like == none {
		return nil, 0, nil
	}
	switch w.nodes[like].kind {
	case 'i':
		w.scratch = strconv.AppendInt(w.scratch[:0], int64(i), 10)
		return w.scratch, 'i', nil
	case 'v':
		value, err := t.skip()
		return value, 'v', err
	case 'k':
		if t.next() != '{' {
			return nil, 0, nil
		}
		whole, err := w.keyOf(w.nodes[like].key, *t)
		if err != nil || !whole {
			return nil, 0, err
		}
		return w.scratch, 'k', nil
	}
	return nil, 0, nil
}

// keyOf writes the key of an item, with the fields that like has, to scratch. It is false if the item does not give all of them.
func (w *walker) keyOf(like []byte, item text) (bool, error) {
	w.scratch = append(w.scratch[:0], '{')
	keys := text{data: like}
	if !keys.take('{') {
		return false, keys.malformed()
	}
	for first := true; ; {
		more, err := keys.more('}', &first)
		if err != nil {
			return false, err
		}
		if !more {
			w.scratch = append(w.scratch, '}')
			return true, nil
		}
		name, err := keys.name()
		if err != nil {
			return false, err
		}
		if _, err := keys.skip(); err != nil {
			return false, err
		}
		value, err := member(item, string(name))
		if err != nil || value == nil {
			return false, err
		}
		if len(w.scratch) > 1 {
			w.scratch = append(w.scratch, ',')
		}
		w.scratch = append(append(append(append(w.scratch, '"'), name...), '"', ':'), value...)
	}
}

// exact looks for a node of a list like field does for one of an object.
func (w *walker) exact(n int32, kind byte, key []byte, hint *int32) int32 {
	is := func(at int32) bool {
		have := &w.nodes[at]
		return have.kind == kind && (bytes.Equal(have.key, key) || kind == 'v' && same(have.key, key))
	}
	for at := *hint; at != none; at = w.nodes[at].next {
		if is(at) {
			*hint = w.nodes[at].next
			return at
		}
	}
	for at := w.nodes[n].child; at != *hint; at = w.nodes[at].next {
		if is(at) {
			*hint = w.nodes[at].next
			return at
		}
	}
	return none
}

// item returns the node of an item, given what match found. If that is nothing, it is the only one that no other item has and of which
// all keys that the item gives are the same: keys that it does not give have been filled in by the server.
func (w *walker) item(n, matched int32, t text) int32 {
	if n == none || matched != none || t.next() != '{' {
		return matched
	}
	found := none
	for at := w.nodes[n].child; at != none; at = w.nodes[at].next {
		if have := &w.nodes[at]; have.kind != 'k' || have.taken || !agrees(have.key, t) {
			continue
		}
		if found != none {
			return none
		}
		found = at
	}
	return found
}

// agrees tells whether an item has the keys, as far as it gives them, and at least one of them.
func agrees(key []byte, item text) bool {
	keys := text{data: key}
	if !keys.take('{') {
		return false
	}
	given := false
	for first := true; ; {
		more, err := keys.more('}', &first)
		if err != nil || !more {
			return err == nil && given
		}
		name, err := keys.name()
		if err != nil {
			return false
		}
		want, err := keys.skip()
		if err != nil {
			return false
		}
		value, err := member(item, string(name))
		if err != nil || value != nil && !same(value, want) {
			return false
		}
		given = given || value != nil
	}
}

// onlyKeys tells whether an item of which nothing but its being there is owned says no more than that, or is of a kind where that means all
// of it.
func (w *walker) onlyKeys(n int32, item text) (bool, error) {
	if !w.custom {
		return true, nil
	}
	item.take('{')
	for first := true; ; {
		more, err := item.more('}', &first)
		if err != nil || !more {
			return err == nil, err
		}
		name, err := item.name()
		if err != nil {
			return false, err
		}
		if _, err := item.skip(); err != nil {
			return false, err
		}
		key, err := member(text{data: w.nodes[n].key}, string(name))
		if err != nil || key == nil {
			return false, err
		}
	}
}
