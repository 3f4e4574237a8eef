package clusterdns

import (
	"errors"
	"fmt"
	"strings"
)

// ErrDamaged is returned for a block whose marks are not as they were written. Nothing is guessed then: what is to be
// taken out is for a person to say.
var ErrDamaged = errors.New("the marks of the block are damaged")

const (
	beginMark = "# BEGIN fedhelm "
	endMark   = "# END fedhelm "
)

// mark is a comment in a line of its own at which a block begins or ends.
type mark struct {
	comment
	owner  Owner
	begins bool
}

func (f corefile) marks() []mark {
	var marks []mark
	for _, c := range f.comments {
		rest, begins := strings.CutPrefix(c.text, beginMark)
		if !begins {
			var ends bool
			if rest, ends = strings.CutPrefix(c.text, endMark); !ends {
				continue
			}
		}
		if !c.alone {
			continue
		}
		rest, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
		namespace, federation, ok := strings.Cut(strings.TrimSuffix(rest, ":"), "/")
		if ok {
			marks = append(marks, mark{c, Owner{namespace, federation}, begins})
		}
	}
	return marks
}

// span is where a block is in its text, from the beginning of its first line to the end of its last one, without that
// line's end.
type span struct{ start, end int }

// find returns where the owner's block is; a nil span where there is none.
func (f corefile) find(text string, owner Owner) (*span, error) {
	var begin, end *mark
	for _, m := range f.marks() {
		if m.owner != owner {
			continue
		}
		which := &end
		if m.begins {
			which = &begin
		}
		if *which != nil {
			return nil, f.damaged(owner, "lines %d and %d are the same mark", (*which).line, m.line)
		}
		*which = &m
	}
	switch {
	case begin == nil && end == nil:
		return nil, nil
	case end == nil:
		return nil, f.damaged(owner, "line %d begins it, and nothing ends it", begin.line)
	case begin == nil:
		return nil, f.damaged(owner, "line %d ends it, and nothing begins it", end.line)
	case end.start < begin.start:
		return nil, f.damaged(owner, "line %d ends it, and line %d begins it", end.line, begin.line)
	}
	if err := f.between(owner, begin, end); err != nil {
		return nil, err
	}
	return &span{strings.LastIndexByte(text[:begin.start], '\n') + 1, end.end}, nil
}

// between makes sure that there is one whole server block between the marks, and nothing of anybody else's.
func (f corefile) between(owner Owner, begin, end *mark) error {
	inside := 0
	for _, b := range f.blocks {
		switch {
		case b.end <= begin.start || b.start >= end.end:
		case b.start > begin.start && b.end < end.start:
			inside++
		default:
			return f.damaged(owner, "the server block of line %d is partly between lines %d and %d", b.line, begin.line, end.line)
		}
	}
	if inside != 1 {
		return f.damaged(owner, "there are %d server blocks instead of one between lines %d and %d", inside, begin.line, end.line)
	}
	for _, m := range f.marks() {
		if m.start > begin.start && m.start < end.start {
			return f.damaged(owner, "line %d, between its marks, is a mark of %s", m.line, m.owner)
		}
	}
	return nil
}

func (corefile) damaged(owner Owner, format string, a ...any) error {
	return fmt.Errorf("%w: block %s of the Corefile: %s; take out what is left of it by hand, from %q to %q, then try again",
		ErrDamaged, owner, fmt.Sprintf(format, a...), beginMark+owner.String(), endMark+owner.String())
}

// Marked says whether a text may have a block of the owner's, damaged or not. It is quick, and needs no Corefile.
func Marked(text string, owner Owner) bool {
	return strings.Contains(text, beginMark+owner.String()) || strings.Contains(text, endMark+owner.String())
}
