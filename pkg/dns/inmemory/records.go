package inmemory

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

func (r records) put(set dns.RecordSet) {
	if r[set.Name] == nil {
		r[set.Name] = map[dns.Type]dns.RecordSet{}
	}
	r[set.Name][set.Type] = clone(set)
}

func (r records) remove(name string, t dns.Type) {
	if delete(r[name], t); len(r[name]) == 0 {
		delete(r, name)
	}
}

func (r records) change(c dns.Change) {
	if c.After != nil {
		r.put(*c.After)
	} else {
		r.remove(c.Before.Name, c.Before.Type)
	}
}

// check says why a unit is not to be made: what is there is not what it says, or what would be is not fit for a zone.
func (r records) check(zone dns.Zone, u dns.Unit) error {
	after := records{}
	for _, c := range u.Changes {
		about := cmp.Or(c.After, c.Before)
		had, ok := r[about.Name][about.Type]
		if ok != (c.Before != nil) || ok && (had.TTL != c.Before.TTL || !slices.Equal(had.Values, c.Before.Values)) {
			return fmt.Errorf("%s %s: %w", about.Name, about.Type, dns.ErrStale)
		}
		if !dns.Within(about.Name, zone.Name) {
			return fmt.Errorf("%s is not in zone %s: %w", about.Name, zone.Name, dns.ErrRejected)
		}
		for _, set := range r[about.Name] {
			after.put(set)
		}
	}
	for _, c := range u.Changes {
		after.change(c)
	}
	for name, types := range after {
		if _, named := types[dns.CNAME]; named && len(types) > 1 {
			return fmt.Errorf("%s would have a CNAME beside other records: %w", name, dns.ErrRejected)
		}
	}
	return nil
}

func clone(set dns.RecordSet) dns.RecordSet {
	set.Values = slices.Clone(set.Values)
	return set
}
