package dns

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Problem is a part of a Service that cannot be published, whatever the zone holds.
type Problem struct {
	Name    string // that the Service does not get; "" where it is about an address
	Message string
}

// Desired says which names a Service shall have: one for every place of every member, also of those that do not back it, since their pods ask
// too. A place without backends leads to the wider one. Without any backend there is no name. Backends that are no members are left out, and so
// is what could never be resolved: an address or a name of that kind is a problem, and does not hold up the rest.
func Desired(n Naming, s Service, members []Member) ([]Wanted, []Problem) {
	targets, problems := targetsOf(n, s)
	backing := map[Place][]target{}
	for _, m := range members {
		for _, place := range m.Places() {
			backing[place] = append(backing[place], targets[m.Name]...)
		}
	}
	if len(backing[Place{}]) == 0 {
		return nil, problems
	}
	wanted := make([]Wanted, 0, len(backing))
	for place, targets := range backing {
		w := Wanted{Name: n.Name(s.Namespace, s.Name, place), Level: place.Level(), Service: s.ID()}
		if err := checkName(w.Name, maxName); err != nil {
			problems = append(problems, Problem{Name: w.Name, Message: fmt.Sprintf("name %q cannot be published: %v", w.Name, err)})
			continue // the names that lead here are longer still
		}
		if len(targets) > 0 {
			w.Sets = answers(w.Name, s.TTL, targets)
		} else {
			w.Sets = []RecordSet{{Name: w.Name, Type: CNAME, TTL: s.TTL, Values: []string{n.Name(s.Namespace, s.Name, place.wider())}}}
		}
		wanted = append(wanted, w)
	}
	slices.SortFunc(wanted, func(a, b Wanted) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
	return wanted, problems
}

// target is what a backend is reached at. One of both is there.
type target struct {
	member    string
	addresses []netip.Addr
	hostname  string
}

// targetsOf are a Service's, by member.
func targetsOf(n Naming, s Service) (map[string][]target, []Problem) {
	targets := map[string][]target{}
	var problems []Problem
	for _, b := range s.Backends {
		t := target{member: b.Member}
		for _, address := range b.Addresses {
			if !leads(address.Unmap()) {
				problems = append(problems, Problem{Message: fmt.Sprintf("address %q of member %q cannot be published", address, b.Member)})
				continue
			}
			t.addresses = append(t.addresses, address.Unmap())
		}
		if b.Hostname != "" {
			t.hostname = Absolute(b.Hostname)
			if err := checkHostname(n, t.hostname); err != nil {
				problems = append(problems, Problem{Message: fmt.Sprintf("hostname %q of member %q cannot be published: %v", b.Hostname, b.Member, err)})
				t.hostname = ""
			}
		}
		if len(t.addresses) > 0 || t.hostname != "" {
			targets[b.Member] = append(targets[b.Member], t)
		}
	}
	return targets, problems
}

// leads tells whether an address means the same to whoever asks. Others, such as those by which a cloud tells a machine its secrets, would lead
// them to themselves.
func leads(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// checkHostname says why no record may lead to a name, if none may: one to a federation's own name, in whichever of its zones, could lead in a circle.
func checkHostname(n Naming, hostname string) error {
	for _, suffix := range append([]string{n.Suffix}, n.Others...) {
		if _, _, _, ours := (Naming{Federation: n.Federation, Suffix: suffix}).Parse(hostname); ours {
			return fmt.Errorf("it is a name of federation %q itself", n.Federation)
		}
	}
	if _, err := netip.ParseAddr(strings.TrimSuffix(hostname, ".")); err == nil {
		return errors.New("it is an address, and no zone has names of that kind")
	}
	return checkName(hostname, 253)
}

// answers are the records of a level with backends: their addresses; or one CNAME where all of them are the same hostname, or none has an address.
func answers(name string, ttl uint32, targets []target) []RecordSet {
	values := map[Type]map[string]bool{A: {}, AAAA: {}, CNAME: {}}
	allNamed := true
	for _, t := range fewer(name, targets) {
		if allNamed = allNamed && t.hostname != ""; t.hostname != "" {
			values[CNAME][t.hostname] = true
		}
		for _, address := range t.addresses {
			if address.Is4() {
				values[A][address.String()] = true
			} else {
				values[AAAA][address.String()] = true
			}
		}
	}
	if allNamed && len(values[CNAME]) == 1 || len(values[A])+len(values[AAAA]) == 0 {
		first := slices.Min(slices.Collect(maps.Keys(values[CNAME])))
		return []RecordSet{{Name: name, Type: CNAME, TTL: ttl, Values: []string{first}}}
	}
	var sets []RecordSet
	for _, t := range []Type{A, AAAA} {
		if len(values[t]) > 0 {
			sets = append(sets, RecordSet{Name: name, Type: t, TTL: ttl, Values: slices.Sorted(maps.Keys(values[t]))})
		}
	}
	return sets
}
