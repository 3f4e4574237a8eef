package zonetext

import (
	"slices"
	"sync"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Raw is a record set as a provider has it.
type Raw struct {
	Name   string
	Values []string
}

// Memory knows the record sets of a zone's last listing that are written otherwise than we would: what is removed must be named as it is. It can
// be used by several goroutines.
type Memory struct {
	mu    sync.Mutex
	zones map[string]map[key]remembered // by id
}

type key struct {
	name string
	kind dns.Type
}

type remembered struct {
	raw Raw
	set dns.RecordSet
}

// Listing are the sets of one listing, read one after the other.
type Listing struct {
	escapes Escapes
	odd     map[key]remembered
}

// NewListing begins one.
func (e Escapes) NewListing() *Listing { return &Listing{escapes: e, odd: map[key]remembered{}} }

// Read is a record set as dns has it.
func (l *Listing) Read(raw Raw, t dns.Type, ttl uint32) dns.RecordSet {
	set := dns.RecordSet{Name: l.escapes.Name(raw.Name), Type: t, TTL: ttl, Values: l.escapes.Parse(t, raw.Values)}
	if set.Values != nil && (set.Name != raw.Name || !slices.Equal(l.escapes.Values(set), raw.Values)) {
		l.odd[key{set.Name, t}] = remembered{raw: raw, set: set}
	}
	return set
}

// Remember replaces what is known of a zone at and below a name.
func (m *Memory) Remember(zoneID, under string, l *Listing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, r := range m.zones[zoneID] {
		if _, listed := l.odd[k]; !listed && !dns.Within(k.name, under) {
			l.odd[k] = r
		}
	}
	if m.zones == nil {
		m.zones = map[string]map[key]remembered{}
	}
	m.zones[zoneID] = l.odd
}

// Write is a record set that is thought to be in a zone, as the provider has it.
func (m *Memory) Write(e Escapes, zoneID string, set dns.RecordSet) Raw {
	m.mu.Lock()
	r, known := m.zones[zoneID][key{set.Name, set.Type}]
	m.mu.Unlock()
	if known && r.set.TTL == set.TTL && slices.Equal(r.set.Values, set.Values) {
		return r.raw
	}
	return Raw{Name: set.Name, Values: e.Values(set)}
}

// Forget is told of sets that were changed.
func (m *Memory) Forget(zoneID string, units []dns.Unit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	odd := m.zones[zoneID]
	if len(odd) == 0 {
		return
	}
	for _, u := range units {
		for _, c := range u.Changes {
			if c.Before != nil {
				delete(odd, key{c.Before.Name, c.Before.Type})
			}
		}
	}
}
