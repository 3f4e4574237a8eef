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
	mark, marked := p.current.marked[w.Name]
	switch {
	case marked && p.owner.Owns(mark):
		return ""
	case marked && mark.Federation == p.owner.Federation:
		return fmt.Sprintf("%q belongs to an earlier federation %q: if it is gone, have its names taken over: fedhelm upgrade %s --set-json='controlPlane.controllerManager.dns.adoptUIDs=[%q]'",
			w.Name, mark.Federation, mark.Federation, mark.UID)
	case marked:
		return fmt.Sprintf("%q belongs to federation %q (uid %s): use another DNS zone or suffix, or delete it there", w.Name, mark.Federation, mark.UID)
	case texts != nil:
		return fmt.Sprintf("there is no room for the owner's mark: %q has a TXT record of somebody else's; remove it", texts.Name)
	case len(own) == 0, p.scope.Made != nil && p.scope.Made(w.Name) && p.holds(w):
		return ""
	}
	return fmt.Sprintf("%q has records that this federation did not make (%s): remove them, or rename the Service", w.Name, strings.Join(own, ", "))
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
