package fieldset

// place is where in an object the walk is.
type place int

const (
	inside   place = iota
	top            // the object itself
	metadata       // its metadata
)

// identifies tells whether a field says which object it is, or what must hold of it, instead of what it shall be.
func (p place) identifies(name []byte) bool {
	switch {
	case p == top:
		return string(name) == "apiVersion" || string(name) == "kind"
	case p != metadata:
		return false
	}
	switch string(name) {
	case "name", "namespace", "uid", "resourceVersion":
		return true
	}
	return false
}

func (p place) below(name []byte) place {
	if p == top && string(name) == "metadata" {
		return metadata
	}
	return inside
}

// start begins to read the body of an apply: it looks what kind it is of.
func (w *walker) start(body []byte) (*text, error) {
	w.custom = true
	t := text{data: body}
	version, err := member(t, "apiVersion")
	if err != nil {
		return nil, err
	}
	if len(version) > 2 {
		w.custom = !builtIn(string(version[1 : len(version)-1]))
	}
	return &t, nil
}

// member returns a member of an object, as it is written; nil if it has none of that name.
func member(t text, name string) ([]byte, error) {
	if !t.take('{') {
		return nil, t.malformed()
	}
	for first := true; ; {
		more, err := t.more('}', &first)
		if err != nil || !more {
			return nil, err
		}
		got, err := t.name()
		if err != nil {
			return nil, err
		}
		value, err := t.skip()
		if err != nil {
			return nil, err
		}
		if string(got) == name {
			return value, nil
		}
	}
}

// covers goes past a value and tells whether all that it says is at the node. It may stop half way when it is not.
func (w *walker) covers(n int32, t *text, where place) (bool, error) {
	switch t.next() {
	case '{':
		return w.coversObject(n, t, where)
	case '[':
		return w.coversList(n, t)
	default:
		value, err := t.skip()
		// Null says that there is nothing, which nobody can take away.
		return n != none && (w.leaf(n) || w.nodes[n].self) || string(value) == "null", err
	}
}

func (w *walker) coversObject(n int32, t *text, where place) (bool, error) {
	if n == none {
		return false, nil
	}
	if where == inside && w.leaf(n) {
		_, err := t.skip()
		return true, err
	}
	t.take('{')
	certain, hint := !w.custom, w.nodes[n].child
	for first := true; ; {
		more, err := t.more('}', &first)
		if err != nil || !more {
			return err == nil, err
		}
		name, err := t.name()
		if err != nil {
			return false, err
		}
		if where.identifies(name) {
			if _, err := t.skip(); err != nil {
				return false, err
			}
			continue
		}
		child := w.field(n, name, &hint)
		if !certain && child != none && w.leaf(child) && t.says('{') {
			if certain = w.structured(n); !certain {
				return false, nil
			}
		}
		if ok, err := w.covers(child, t, where.below(name)); err != nil || !ok {
			return false, err
		}
	}
}

// says tells whether an object or a list comes next that is not empty.
func (t text) says(begin byte) bool {
	return t.take(begin) && t.next() != '}' && t.next() != ']'
}

func (w *walker) coversList(n int32, t *text) (bool, error) {
	if n == none {
		return false, nil
	}
	if w.leaf(n) { // owned as a whole
		_, err := t.skip()
		return true, err
	}
	base := len(w.matches)
	defer func() { w.matches = w.matches[:base] }()
	if err := w.match(n, *t); err != nil {
		return false, err
	}
	t.take('[')
	at := base
	for first := true; ; at++ {
		more, err := t.more(']', &first)
		if err != nil || !more {
			return err == nil, err
		}
		item := w.item(n, w.matches[at], *t)
		if item != none && w.nodes[item].kind == 'k' && w.leaf(item) {
			certain, err := w.onlyKeys(item, *t)
			if err != nil || !certain {
				return false, err
			}
			_, err = t.skip()
			if err != nil {
				return false, err
			}
			continue
		}
		if ok, err := w.covers(item, t, inside); err != nil || !ok {
			return false, err
		}
	}
}

// contests tells whether other has something that the value says and own has not.
func (w *walker) contests(own, other int32, t *text, where place) (bool, error) {
	if other == none {
		_, err := t.skip()
		return false, err
	}
	if own != none && w.leaf(own) && !w.leaf(other) {
		own = none // what the other owns in parts we do not own as a whole: we have lost all parts
	}
	ahead := *t
	covered, err := w.covers(own, &ahead, where)
	if err != nil {
		return false, err
	}
	if covered {
		*t = ahead
		return false, nil
	}
	c := t.next()
	switch {
	case c != '{' && c != '[':
		return true, nil
	case w.leaf(other):
		return where == inside, nil
	case c == '{':
		return w.contestsObject(own, other, t, where)
	default:
		return w.contestsList(own, other, t)
	}
}

func (w *walker) contestsObject(own, other int32, t *text, where place) (bool, error) {
	t.take('{')
	for first := true; ; {
		more, err := t.more('}', &first)
		if err != nil || !more {
			return false, err
		}
		name, err := t.name()
		if err != nil {
			return false, err
		}
		if where.identifies(name) {
			if _, err := t.skip(); err != nil {
				return false, err
			}
			continue
		}
		found, err := w.contests(w.field(own, name, nil), w.field(other, name, nil), t, where.below(name))
		if err != nil || found {
			return found, err
		}
	}
}

func (w *walker) contestsList(own, other int32, t *text) (bool, error) {
	base := len(w.matches)
	defer func() { w.matches = w.matches[:base] }()
	if err := w.match(own, *t); err != nil {
		return false, err
	}
	middle := len(w.matches)
	if err := w.match(other, *t); err != nil {
		return false, err
	}
	t.take('[')
	i := 0
	for first := true; ; i++ {
		more, err := t.more(']', &first)
		if err != nil || !more {
			return false, err
		}
		ownItem := none
		if middle > base {
			ownItem = w.item(own, w.matches[base+i], *t)
		}
		found, err := w.contests(ownItem, w.item(other, w.matches[middle+i], *t), t, inside)
		if err != nil || found {
			return found, err
		}
	}
}
