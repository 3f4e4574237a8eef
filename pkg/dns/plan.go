package dns

import (
	"slices"
	"strings"
)

// Scope says what a Plan may do besides making what is wanted.
type Scope struct {
	All      bool     // every name of the owner's that is not wanted goes
	Services []string // only names of these
	// Made tells names that this process has made: if their mark is gone and all else is as wanted, it is put back. Nil: none.
	Made func(name string) bool
}

// Plan says what has to change in a zone for wanted to be there: units sorted by name, each needed, and names that cannot be had. Names of the
// owner's that are in scope and not wanted go; without a scope nothing does. What is not the owner's is never touched. It takes time for what is
// wanted and what is in scope alone, unless all is.
func Plan(o Owner, wanted []Wanted, current *Index, scope Scope) ([]Unit, []Conflict) {
	p := planner{owner: o, current: current, scope: scope, wanted: make(map[string]bool, len(wanted))}
	for _, w := range wanted {
		if !p.wanted[w.Name] {
			p.wanted[w.Name] = true
			p.want(w)
		}
	}
	if scope.All {
		for name, mark := range current.Marked() {
			p.remove(name, mark)
		}
	} else {
		for _, service := range scope.Services {
			for name := range current.services[service] {
				p.remove(name, current.marked[name])
			}
		}
	}
	slices.SortFunc(p.units, func(a, b Unit) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(p.conflicts, func(a, b Conflict) int { return strings.Compare(a.Name, b.Name) })
	return p.units, p.conflicts
}

type planner struct {
	owner     Owner
	current   *Index
	scope     Scope
	wanted    map[string]bool
	units     []Unit
	conflicts []Conflict
}

// want plans one name. Its mark is made before its records, and a type that goes does so before another comes: CNAMEs suffer none beside them.
func (p *planner) want(w Wanted) {
	if message := p.obstacle(w); message != "" {
		p.conflicts = append(p.conflicts, Conflict{Name: w.Name, Service: w.Service, Message: message})
		return
	}
	var removed, made []Change
	for _, t := range ownTypes {
		before, after := p.has(w.Name, t), setOf(w.Sets, t)
		switch {
		case before == nil && after == nil, before != nil && after != nil && sameSet(*before, *after):
		case after == nil:
			removed = append(removed, Change{Before: before})
		default:
			made = append(made, Change{Before: before, After: after})
		}
	}
	u := Unit{Name: w.Name}
	mark, wantedMark := p.has(MarkName(w.Name), TXT), p.owner.markSet(w.Name, w.Service)
	if !p.shared(mark) && (mark == nil || !slices.Equal(mark.Values, wantedMark.Values)) {
		u.Changes = append(u.Changes, Change{Before: mark, After: wantedMark})
	}
	u.Changes = append(append(u.Changes, removed...), made...)
	if len(u.Changes) > 0 {
		p.units = append(p.units, u)
	}
}

// remove plans that a name goes, its mark last: what dies in between leaves nothing without an owner. A mark that others' texts are beside stays.
func (p *planner) remove(name string, mark Mark) {
	if p.wanted[name] || !p.owner.Owns(mark) {
		return
	}
	conflict := func(message string) {
		p.conflicts = append(p.conflicts, Conflict{Name: name, Service: mark.Service, Message: message})
	}
	set := p.has(MarkName(name), TXT)
	if other, is := p.rival(set); is {
		conflict(p.foreignMessage(name, other))
		return
	}
	u := Unit{Name: name}
	for _, t := range ownTypes {
		if set := p.has(name, t); set != nil {
			if len(set.Values) == 0 {
				conflict(aliasMessage(name, t))
				return
			}
			u.Changes = append(u.Changes, Change{Before: set})
		}
	}
	if p.shared(set) {
		conflict(sharedMessage(set.Name))
	} else {
		u.Changes = append(u.Changes, Change{Before: set})
	}
	if len(u.Changes) > 0 {
		p.units = append(p.units, u)
	}
}

// has is what the zone holds, nil if nothing.
func (p *planner) has(name string, t Type) *RecordSet {
	if set, ok := p.current.names[name][t]; ok {
		return &set
	}
	return nil
}

// ownTypes are those that are the owner's at a name that is.
var ownTypes = []Type{A, AAAA, CNAME}

func setOf(sets []RecordSet, t Type) *RecordSet {
	for i := range sets {
		if sets[i].Type == t {
			return &sets[i]
		}
	}
	return nil
}

func sameSet(a, b RecordSet) bool {
	return a.Name == b.Name && a.Type == b.Type && a.TTL == b.TTL && slices.Equal(a.Values, b.Values)
}
