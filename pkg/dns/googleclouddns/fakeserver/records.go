package fakeserver

import (
	"net/http"
	"slices"
	"strings"
)

// RecordSet is one as the API has it.
type RecordSet struct {
	Kind          string   `json:"kind"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	TTL           int64    `json:"ttl"`
	Rrdatas       []string `json:"rrdatas,omitempty"`
	RoutingPolicy object   `json:"routingPolicy,omitempty"`
}

func (z *zone) put(set *RecordSet) {
	set.Kind = "dns#resourceRecordSet"
	if z.names[set.Name] == nil {
		z.names[set.Name] = map[string]*RecordSet{}
	}
	z.names[set.Name][set.Type] = set
	z.keys = nil
}

func (z *zone) remove(name, kind string) {
	if delete(z.names[name], kind); len(z.names[name]) == 0 {
		delete(z.names, name)
	}
	z.keys = nil
}

func (z *zone) sorted() []string {
	if z.keys == nil {
		for _, types := range z.names {
			for _, set := range types {
				z.keys = append(z.keys, set.key())
			}
		}
		slices.Sort(z.keys)
	}
	return z.keys
}

// at are the record sets with these keys.
func (z *zone) at(keys []string) []*RecordSet {
	sets := make([]*RecordSet, 0, len(keys))
	for _, key := range keys {
		name, kind, _ := strings.Cut(key, " ")
		sets = append(sets, z.names[name][kind])
	}
	return sets
}

func (r *RecordSet) key() string { return r.Name + " " + r.Type }

// Put makes a record set of a zone, or changes it, as somebody else would. Nothing is checked.
func (s *Server) Put(zone string, set RecordSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[zone].put(&set)
}

// Remove removes one.
func (s *Server) Remove(zone, name, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[zone].remove(name, kind)
}

// Records are all of a zone, sorted by name and type.
func (s *Server) Records(zone string) []RecordSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.zones[zone].at(s.zones[zone].sorted())
	sets := make([]RecordSet, 0, len(all))
	for _, set := range all {
		sets = append(sets, *set)
	}
	return sets
}

func (s *Server) listRecords(r *http.Request, _ []byte) (any, *Error) {
	z, refusal := s.zone(r)
	if refusal != nil {
		return nil, refusal
	}
	keys := z.sorted()
	first, end, next, refusal := paged(r, keys)
	if refusal != nil {
		return nil, refusal
	}
	return listed("dns#resourceRecordSetsListResponse", "rrsets", z.at(keys[first:end]), next), nil
}
