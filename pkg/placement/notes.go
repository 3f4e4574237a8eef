package placement

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// namesInNote is how many members a note names; a federation can have a thousand.
const namesInNote = 5

// notes says what of the preferences is not met. It looks at slots as spread left them; named is how many of the clusters
// that the preferences name are members.
func notes(total int32, left int64, p Preferences, members []Member, slots []slot, named int) []string {
	var said []string
	if left > 0 {
		said = append(said, fmt.Sprintf("%d of %d replicas are not placed: %s", left, total, strings.Join(obstacles(p, members, slots), "; ")))
	}
	var few []string
	for i := range slots {
		s := &slots[i]
		// Who asks for none at all has said so.
		if preference, _, _ := p.of(s.name); total > 0 && s.given < int64(preference.Min) {
			few = append(few, fmt.Sprintf("%s (%d of %d)", s.name, s.given, preference.Min))
		}
	}
	if len(few) > 0 {
		said = append(said, "fewer replicas than the minimum: "+abridge(few))
	}
	own := len(p.Clusters)
	if _, ok := p.Clusters["*"]; ok {
		own--
	}
	if named < own {
		said = append(said, "the preferences name what is no member selected for the object: "+abridge(strangers(p, members)))
	}
	return said
}

// obstacles says what keeps members from taking more.
func obstacles(p Preferences, members []Member, slots []slot) []string {
	var full, atMaximum, unweighted, away, unwanted []string
	for i := range slots {
		s := &slots[i]
		preference, _, _ := p.of(s.name)
		switch {
		case s.given >= s.room:
			full = append(full, fmt.Sprintf("%s (%d)", s.name, s.room))
		case s.given >= s.max:
			atMaximum = append(atMaximum, fmt.Sprintf("%s (%d)", s.name, s.max))
		case preference.Weight == 0:
			unweighted = append(unweighted, s.name)
		}
	}
	for i := range members {
		if !members[i].Ready {
			away = append(away, members[i].Name)
		} else if _, _, ok := p.of(members[i].Name); !ok {
			unwanted = append(unwanted, members[i].Name)
		}
	}
	var said []string
	say := func(what string, names []string) {
		if len(names) > 0 {
			said = append(said, what+": "+abridge(names))
		}
	}
	say("no room for more", full)
	say("at their maximum", atMaximum)
	say("without a weight", unweighted)
	say("without a preference", unwanted)
	say("not ready", away)
	if len(members) == 0 {
		said = append(said, "no member is selected")
	}
	return said
}

// strangers are the clusters of the preferences that are not members.
func strangers(p Preferences, members []Member) []string {
	unknown := maps.Clone(p.Clusters)
	delete(unknown, "*")
	for i := range members {
		delete(unknown, members[i].Name)
	}
	return slices.Collect(maps.Keys(unknown))
}

// abridge lists names, sorted, and only how many more there are.
func abridge(names []string) string {
	slices.Sort(names)
	if more := len(names) - namesInNote; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:namesInNote], ", "), more)
	}
	return strings.Join(names, ", ")
}
