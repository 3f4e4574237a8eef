package dns

import (
	"fmt"
	"slices"
	"strings"
)

// obstacle says why a wanted name cannot be had, and what can be done; empty if it can.
func (p *planner) obstacle(w Wanted) string {
	var own, others []string // types
	for _, set := range p.current.At(w.Name) {
		switch {
		case !slices.Contains(ownTypes, set.Type):
			if !slices.Contains(signatures, set.Type) {
				others = append(others, string(set.Type))
			}
		case len(set.Values) == 0:
			return aliasMessage(w.Name, set.Type)
		default:
			own = append(own, string(set.Type))
		}
	}
	if p.has(MarkName(w.Name), CNAME) != nil {
		return fmt.Sprintf("there is no room for the owner's mark: %q is a CNAME; remove it", MarkName(w.Name))
	}
	if message := p.foreign(w, own); message != "" {
		return message
	}
	if setOf(w.Sets, CNAME) != nil && len(others) > 0 {
		return fmt.Sprintf("%q shall be a CNAME, which suffers no other records, and has others (%s): remove them", w.Name, strings.Join(others, ", "))
	}
	return ""
}

// foreign says whose a name is if it is not the owner's. Own are the types of what is there.
func (p *planner) foreign(w Wanted, own []string) string {
	texts := p.has(MarkName(w.Name), TXT)
	_, marked := p.current.marked[w.Name]
	rival, contested := p.rival(texts)
	switch {
	case contested:
		return p.foreignMessage(w.Name, rival)
	case marked && p.shared(texts) && !slices.Contains(texts.Values, p.owner.markSet(w.Name, w.Service).Values[0]):
		return sharedMessage(texts.Name)
	case marked:
		return ""
	case texts != nil:
		return fmt.Sprintf("there is no room for the owner's mark: %q has a TXT record of somebody else's; remove it", texts.Name)
	case len(own) == 0, p.scope.Made != nil && p.scope.Made(w.Name) && p.holds(w):
		return ""
	}
	return fmt.Sprintf("%q has records that this federation did not make (%s): remove them, or rename the Service", w.Name, strings.Join(own, ", "))
}

// rival is a mark of somebody else's at a mark's name, beside the owner's too: whose the records are is not known then.
func (p *planner) rival(texts *RecordSet) (Mark, bool) {
	if texts != nil {
		for _, text := range texts.Values {
			if mark, ok := ParseMark(text); ok && !p.owner.Owns(mark) {
				return mark, true
			}
		}
	}
	return Mark{}, false
}

// shared tells whether a mark's record set has texts of somebody else's too. The whole set is then theirs as much: a server changes sets as one,
// with one TTL, and may give texts back otherwise than they were written.
func (p *planner) shared(texts *RecordSet) bool {
	return texts != nil && slices.ContainsFunc(texts.Values, func(text string) bool {
		mark, ok := ParseMark(text)
		return !ok || !p.owner.Owns(mark)
	})
}

func sharedMessage(markName string) string {
	return fmt.Sprintf("the owner's mark at %q cannot be changed: it has a TXT record of somebody else's beside it; remove that one", markName)
}

// foreignMessage says whose a name is that somebody else has marked.
func (p *planner) foreignMessage(name string, mark Mark) string {
	if mark.Federation == p.owner.Federation {
		return fmt.Sprintf("%q belongs to an earlier federation %q: if it is gone, have its names taken over: fedhelm upgrade %s --set-json='controlPlane.controllerManager.dns.adoptUIDs=[%q]'",
			name, mark.Federation, mark.Federation, mark.UID)
	}
	return fmt.Sprintf("%q belongs to federation %q (uid %s): use another DNS zone or suffix, or delete it there", name, mark.Federation, mark.UID)
}

// holds tells whether the zone has exactly the records of a name.
func (p *planner) holds(w Wanted) bool {
	for _, t := range ownTypes {
		before, after := p.has(w.Name, t), setOf(w.Sets, t)
		if (before == nil) != (after == nil) || before != nil && !sameSet(*before, *after) {
			return false
		}
	}
	return true
}

func aliasMessage(name string, t Type) string {
	return fmt.Sprintf("%q has a record of the provider's own kind (%s without values, such as an alias) that is not to be changed here: remove it", name, t)
}

// signatures are what a signed zone has beside everything, CNAMEs too.
var signatures = []Type{"RRSIG", "NSEC", "NSEC3", "KEY", "SIG", "NXT"}
