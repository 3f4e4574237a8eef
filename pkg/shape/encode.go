package shape

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An encoder writes JSON with the members of objects in the order of their names, so that the same content is always the same text. It is
// several times as fast as encoding/json, which matters because every event of every source comes by here.
type encoder struct {
	b   []byte
	err error // the first, of what JSON cannot say
}

func (e *encoder) raw(s string) { e.b = append(e.b, s...) }

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case string:
		e.b = appendString(e.b, v)
	case map[string]any:
		e.object(v)
	case []any:
		e.raw("[")
		for i, item := range v {
			if i > 0 {
				e.raw(",")
			}
			e.value(item)
		}
		e.raw("]")
	case int64:
		e.b = strconv.AppendInt(e.b, v, 10)
	case bool:
		e.b = strconv.AppendBool(e.b, v)
	case nil:
		e.raw("null")
	default:
		text, err := json.Marshal(v)
		if err != nil && e.err == nil {
			e.err = fmt.Errorf("a %T cannot be told: %w", v, err)
		}
		e.b = append(e.b, text...)
	}
}

func (e *encoder) object(o map[string]any) {
	e.open(o)
	e.raw("}")
}

// open writes an object but for its end, so that members can follow. It says whether there are none yet.
func (e *encoder) open(o map[string]any) (bare bool) {
	begin := len(e.b)
	e.members(o, nil)
	if len(e.b) == begin {
		e.raw("{")
		return true
	}
	e.b[begin] = '{' // in place of the first comma
	return false
}

// members writes those members of an object whose names pass the filter, each after a comma. A nil filter lets all pass.
func (e *encoder) members(o map[string]any, pass func(name string) bool) {
	var few [16]string
	names := few[:0]
	for name, v := range o {
		// Templates of objects carry it around as null: it is nobody's.
		if v == nil && name == "creationTimestamp" || pass != nil && !pass(name) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e.raw(",")
		e.b = appendString(e.b, name)
		e.raw(":")
		e.value(o[name])
	}
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. What is no UTF-8 is replaced, as encoding/json does.
func appendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	b = append(b, '"')
	begin := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[begin:i]...)
		begin = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[begin:]...), '"')
}
