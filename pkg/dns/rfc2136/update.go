package rfc2136

import (
	"fmt"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// update is a unit as a part of an update message.
type update struct {
	prerequisites []mdns.RR
	changes       []mdns.RR
	size          int // in octets, not compressed
}

// newUpdate demands that the sets of before are there to the record, their TTLs apart: the protocol has no prerequisite for these. Servers pass
// over a CNAME that would come beside other records, and the reverse, without a word: that nothing is in its way is therefore demanded too.
func newUpdate(zone dns.Zone, unit dns.Unit) (*update, error) {
	u := &update{}
	m := new(mdns.Msg).SetUpdate(zone.Name)
	var made []mdns.RR
	for _, c := range unit.Changes {
		set := c.Set()
		if !dns.Within(set.Name, unit.Name) || !dns.Within(set.Name, zone.Name) {
			return nil, fmt.Errorf("%w: %q is not in zone %q, or not below %q", dns.ErrRejected, set.Name, zone.Name, unit.Name)
		}
		if c.Before == nil {
			m.RRsetNotUsed(header(set.Name, set.Type))
		} else {
			records, err := encode(*c.Before)
			if err != nil {
				return nil, err
			}
			m.Used(records)
			m.RemoveRRset(header(set.Name, set.Type))
		}
		if c.After == nil {
			continue
		}
		records, err := encode(*c.After)
		if err != nil {
			return nil, err
		}
		made = append(made, records...)
		for _, t := range excluded(set.Type) {
			if !changes(unit, set.Name, t) {
				m.RRsetNotUsed(header(set.Name, t))
			}
		}
	}
	m.Insert(made) // last, when what excludes them has gone
	u.prerequisites, u.changes = m.Answer, m.Ns
	for _, rr := range append(u.prerequisites[:len(u.prerequisites):len(u.prerequisites)], u.changes...) {
		u.size += mdns.Len(rr)
	}
	return u, nil
}

// excluded are the types that cannot be beside a record.
func excluded(t dns.Type) []dns.Type {
	if t == dns.CNAME {
		return []dns.Type{dns.A, dns.AAAA, dns.TXT}
	}
	return []dns.Type{dns.CNAME}
}

func changes(unit dns.Unit, name string, t dns.Type) bool {
	for _, c := range unit.Changes {
		if set := c.Set(); set.Name == name && set.Type == t {
			return true
		}
	}
	return false
}

func header(name string, t dns.Type) []mdns.RR {
	return []mdns.RR{&mdns.ANY{Hdr: mdns.RR_Header{Name: name, Rrtype: mdns.StringToType[string(t)]}}}
}
