package fieldset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

var errTooDeep = errors.New("read JSON: it is nested too deep")

// deepest is how deep JSON may be nested: deeper than API servers take it.
const deepest = 1000

// text is JSON that is read from a place on. It is passed by value to look ahead. What is read in it is not checked beyond what is needed
// to find one's way.
type text struct {
	data []byte
	at   int
}

func (t *text) malformed() error { return fmt.Errorf("read JSON: malformed at byte %d", t.at) }

// next returns the next byte that is no space, without going past it; 0 at the end.
func (t *text) next() byte {
	for t.at < len(t.data) {
		switch c := t.data[t.at]; c {
		case ' ', '\t', '\n', '\r':
			t.at++
		default:
			return c
		}
	}
	return 0
}

// take goes past the byte if it is the next one.
func (t *text) take(c byte) bool {
	if t.next() != c {
		return false
	}
	t.at++
	return true
}

// quoted goes past a string and returns what is between its quotes, as it is written.
func (t *text) quoted() ([]byte, error) {
	if !t.take('"') {
		return nil, t.malformed()
	}
	start := t.at
	for {
		i := bytes.IndexByte(t.data[t.at:], '"')
		if i < 0 {
			return nil, t.malformed()
		}
		t.at += i + 1
		slashes := 0
		for j := t.at - 2; j >= start && t.data[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return t.data[start : t.at-1], nil
		}
	}
}

// name goes past a string and the colon that follows, and returns what the string means.
func (t *text) name() ([]byte, error) {
	name, err := t.rawName()
	if err != nil {
		return nil, err
	}
	return unquoted(name)
}

// rawName is like name, but returns the string as it is written.
func (t *text) rawName() ([]byte, error) {
	name, err := t.quoted()
	if err == nil && !t.take(':') {
		err = t.malformed()
	}
	return name, err
}

// more goes past what separates the members of an object or a list. It is false at the end, which it goes past too.
func (t *text) more(end byte, first *bool) (bool, error) {
	if t.take(end) {
		return false, nil
	}
	if !*first && !t.take(',') {
		return false, t.malformed()
	}
	*first = false
	return true, nil
}

// skip goes past a value and returns it as it is written.
func (t *text) skip() ([]byte, error) {
	c := t.next()
	start := t.at
	switch c {
	case '"':
		_, err := t.quoted()
		return t.data[start:t.at], err
	case '{', '[':
		err := t.skipNested()
		return t.data[start:t.at], err
	}
	for ; t.at < len(t.data); t.at++ {
		if c := t.data[t.at]; c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':' || c == '"' {
			break
		}
	}
	if t.at == start {
		return nil, t.malformed()
	}
	return t.data[start:t.at], nil
}

func (t *text) skipNested() error {
	depth := 0
	for t.at < len(t.data) {
		switch t.data[t.at] {
		case '"':
			if _, err := t.quoted(); err != nil {
				return err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		t.at++
		if depth == 0 {
			return nil
		}
	}
	return t.malformed()
}

// unquoted resolves what is escaped between the quotes of a string.
func unquoted(s []byte) ([]byte, error) {
	if bytes.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var out string
	if err := json.Unmarshal(append(append([]byte{'"'}, s...), '"'), &out); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return []byte(out), nil
}

// unquoteInto appends what is between the quotes of a string, with what is escaped resolved.
func unquoteInto(to, s []byte) ([]byte, error) {
	for len(s) > 0 {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			break
		}
		if c := s[i+1]; c != '"' && c != '\\' {
			rest, err := unquoted(s)
			return append(to, rest...), err
		}
		to = append(append(to, s[:i]...), s[i+1])
		s = s[i+2:]
	}
	return append(to, s...), nil
}

// same tells whether two scalars, as they are written, are the same. Of numbers that are written differently it says that they are not.
func same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) < 2 || len(b) < 2 || a[0] != '"' || b[0] != '"' || bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return false
	}
	var x, y string
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x == y
}
