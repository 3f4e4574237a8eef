package fakeserver

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxItems is how many record sets a page can have, and has by itself.
const maxItems = 300

// RecordSet is one as the API has it.
type RecordSet struct {
	Name          string
	Type          string
	SetIdentifier string   `xml:",omitempty"`
	Weight        *int     `xml:",omitempty"`
	TTL           int64    `xml:",omitempty"`
	Records       []Record `xml:"ResourceRecords>ResourceRecord,omitempty"`
	AliasTarget   *Alias   `xml:",omitempty"`
}

// Record is one of a set.
type Record struct {
	Value string
}

// Values makes records of them.
func Values(values ...string) []Record {
	records := make([]Record, 0, len(values))
	for _, value := range values {
		records = append(records, Record{value})
	}
	return records
}

// Alias is what an alias stands for.
type Alias struct {
	HostedZoneID         string `xml:"HostedZoneId"`
	DNSName              string
	EvaluateTargetHealth bool
}

// key sorts as the API does: by the labels from the last to the first, then by type.
func key(name, kind, identifier string) string {
	labels := strings.Split(strings.TrimSuffix(escape(name), "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + ".\x00" + kind + "\x00" + identifier
}

// normalize is a name as it is kept: lower case, with a dot at its end, without escapes.
func normalize(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+3 < len(name) {
			if octet, err := strconv.ParseUint(name[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(octet))
				i += 3
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return strings.ToLower(strings.TrimSuffix(b.String(), ".")) + "."
}

// escape is a name as answers have it.
func escape(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

func (z *zone) find(set RecordSet) *RecordSet {
	return z.names[set.Name][key(set.Name, set.Type, set.SetIdentifier)]
}

func (z *zone) put(set *RecordSet) {
	if z.names[set.Name] == nil {
		z.names[set.Name] = map[string]*RecordSet{}
	}
	z.names[set.Name][key(set.Name, set.Type, set.SetIdentifier)] = set
	z.listed = nil
}

func (z *zone) remove(set RecordSet) {
	if delete(z.names[set.Name], key(set.Name, set.Type, set.SetIdentifier)); len(z.names[set.Name]) == 0 {
		delete(z.names, set.Name)
	}
	z.listed = nil
}

// Put makes a record set of a zone, or changes it, as somebody else would. Nothing is checked.
func (s *Server) Put(zoneID string, set RecordSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if z, err := s.zone(zoneID); err == nil {
		set.Name = normalize(set.Name)
		z.put(&set)
	}
}

// Remove removes one.
func (s *Server) Remove(zoneID, name, kind, identifier string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if z, err := s.zone(zoneID); err == nil {
		z.remove(RecordSet{Name: normalize(name), Type: kind, SetIdentifier: identifier})
	}
}

// Records are all of a zone, in the API's order.
func (s *Server) Records(zoneID string) []RecordSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	z, err := s.zone(zoneID)
	if err != nil {
		return nil
	}
	var sets []RecordSet
	for _, l := range z.list() {
		sets = append(sets, *l.set)
	}
	return sets
}

// listed is a record set with what it is sorted by.
type listed struct {
	key string
	set *RecordSet
}

func (z *zone) list() []listed {
	if z.listed == nil {
		for _, sets := range z.names {
			for k, set := range sets {
				z.listed = append(z.listed, listed{k, set})
			}
		}
		slices.SortFunc(z.listed, func(a, b listed) int { return strings.Compare(a.key, b.key) })
	}
	return z.listed
}

func (s *Server) listRecords(r *http.Request, _ []byte) (any, *Error) {
	z, refusal := s.zone(r.PathValue("id"))
	if refusal != nil {
		return nil, refusal
	}
	query := r.URL.Query()
	most := maxItems
	if text := query.Get("maxitems"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, badInput("maxitems %q is not valid", text)
		}
		most = min(n, maxItems)
	}
	name, kind := query.Get("name"), query.Get("type")
	if kind != "" && name == "" {
		return nil, badInput("The input is not valid: a type without a name")
	}
	all := z.list()
	first := 0
	if name != "" {
		start := key(normalize(name), kind, query.Get("identifier"))
		if kind == "" {
			start = strings.TrimRight(start, "\x00")
		}
		first, _ = slices.BinarySearchFunc(all, start, func(l listed, start string) int { return strings.Compare(l.key, start) })
	}
	answer := struct {
		XMLName     xml.Name    `xml:"ListResourceRecordSetsResponse"`
		Namespace   string      `xml:"xmlns,attr"`
		Sets        []RecordSet `xml:"ResourceRecordSets>ResourceRecordSet"`
		IsTruncated bool
		NextName    string `xml:"NextRecordName,omitempty"`
		NextType    string `xml:"NextRecordType,omitempty"`
		NextID      string `xml:"NextRecordIdentifier,omitempty"`
		MaxItems    int
	}{Namespace: namespace, MaxItems: most}
	for _, l := range all[first:] {
		set := *l.set
		if len(answer.Sets) == most {
			answer.IsTruncated, answer.NextName, answer.NextType, answer.NextID = true, escape(set.Name), set.Type, set.SetIdentifier
			break
		}
		set.Name = escape(set.Name)
		answer.Sets = append(answer.Sets, set)
	}
	return answer, nil
}
