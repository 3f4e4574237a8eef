package fakeserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of a change, as projects have them at first.
const (
	maxAdditions = 1000
	maxDeletions = 1000
	maxData      = 100000 // bytes
	maxPerSet    = 100
)

type change struct {
	Additions []*RecordSet `json:"additions"`
	Deletions []*RecordSet `json:"deletions"`
}

// createChange makes all of a change, or nothing.
func (s *Server) createChange(r *http.Request, body []byte) (any, *Error) {
	z, refusal := s.zone(r)
	if refusal != nil {
		return nil, refusal
	}
	var c change
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Reason: "parseError", Message: "Parse Error"}
	}
	if len(c.Additions)+len(c.Deletions) == 0 {
		return nil, &Error{Status: http.StatusBadRequest, Reason: "required", Message: "The 'entity.change' parameter is required but was missing."}
	}
	for _, check := range []func(*zone) *Error{c.checkSizes, c.checkDeletions, c.checkAdditions} {
		if refusal := check(z); refusal != nil {
			return nil, refusal
		}
	}
	for _, set := range c.Deletions {
		z.remove(set.Name, set.Type)
	}
	for _, set := range c.Additions {
		z.put(set)
	}
	s.serial++
	return object{"kind": "dns#change", "id": strconv.Itoa(s.serial), "status": "pending", "startTime": time.Now().UTC().Format(time.RFC3339), "additions": c.Additions, "deletions": c.Deletions}, nil
}

func (c *change) checkSizes(*zone) *Error {
	data := 0
	for _, set := range slices.Concat(c.Additions, c.Deletions) {
		for _, value := range set.Rrdatas {
			data += len(value)
		}
	}
	for what, exceeded := range map[string]bool{
		"additions per change": len(c.Additions) > maxAdditions, "deletions per change": len(c.Deletions) > maxDeletions, "total rrdata size per change": data > maxData,
	} {
		if exceeded {
			return &Error{Status: http.StatusForbidden, Reason: "quotaExceeded", Message: "Quota exceeded: " + what}
		}
	}
	return nil
}

func (c *change) checkDeletions(z *zone) *Error {
	for i, set := range c.Deletions {
		had := z.names[set.Name][set.Type]
		switch {
		case had == nil:
			return &Error{Status: http.StatusNotFound, Reason: "notFound", Message: fmt.Sprintf("The 'entity.change.deletions[%d]' resource named '%s (%s)' does not exist.", i, set.Name, set.Type)}
		case had.TTL != set.TTL || !sameValues(had.Rrdatas, set.Rrdatas) || had.RoutingPolicy != nil:
			return &Error{Status: http.StatusPreconditionFailed, Reason: "conditionNotMet", Message: fmt.Sprintf("Precondition not met for 'entity.change.deletions[%d]'", i)}
		}
	}
	return nil
}

func sameValues(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func (c *change) checkAdditions(z *zone) *Error {
	deleted := map[string]bool{}
	for _, set := range c.Deletions {
		deleted[set.key()] = true
	}
	after := map[string][]string{} // types, by name
	for _, set := range c.Additions {
		after[set.Name] = append(after[set.Name], set.Type)
	}
	for i, set := range c.Additions {
		if message := z.check(set); message != "" {
			return invalid("Invalid value for 'entity.change.additions[%s][%s].%s'", set.Name, set.Type, message)
		}
		if z.names[set.Name][set.Type] != nil && !deleted[set.key()] {
			return &Error{Status: http.StatusConflict, Reason: "alreadyExists", Message: fmt.Sprintf("The resource 'entity.change.additions[%s][%s]' named '%s (%s)' already exists", set.Name, set.Type, set.Name, set.Type)}
		}
		types := slices.Clone(after[set.Name])
		for kind := range z.names[set.Name] {
			if !deleted[set.Name+" "+kind] {
				types = append(types, kind)
			}
		}
		if slices.Contains(types, "CNAME") && len(types) > 1 {
			return &Error{Status: http.StatusBadRequest, Reason: "cnameResourceRecordSetConflict", Message: fmt.Sprintf(
				"The resource record set 'entity.change.additions[%d]' is invalid because the DNS name '%s' may have either one CNAME resource record set or resource record sets of other types, but not both.", i, set.Name)}
		}
	}
	return nil
}

// check says what is wrong with a record set that shall be made; nothing if it can be.
func (z *zone) check(set *RecordSet) string {
	if set.Name != z.DNSName && !strings.HasSuffix(set.Name, "."+z.DNSName) || len(set.Name) > 254 || set.Name != strings.ToLower(set.Name) {
		return "name': '" + set.Name
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(set.Name, "."), ".") {
		if label == "" || len(label) > 63 {
			return "name': '" + set.Name
		}
	}
	if set.TTL < 0 || set.TTL > 1<<31-1 {
		return "ttl': '" + strconv.FormatInt(set.TTL, 10)
	}
	if len(set.Rrdatas) == 0 || len(set.Rrdatas) > maxPerSet || set.Type == "CNAME" && len(set.Rrdatas) > 1 {
		return fmt.Sprintf("rrdata': '%d records", len(set.Rrdatas))
	}
	for i, value := range set.Rrdatas {
		addr, err := netip.ParseAddr(value)
		if set.Type == "A" && (err != nil || !addr.Is4()) || set.Type == "AAAA" && (err != nil || !addr.Is6()) || set.Type == "CNAME" && !strings.HasSuffix(value, ".") ||
			set.Type == "TXT" && !areTexts(value) || slices.Contains(set.Rrdatas[:i], value) {
			return fmt.Sprintf("rrdata[%d]': '%s", i, value)
		}
	}
	return ""
}

// areTexts tells whether a value is strings of at most 255 octets each, with or without quotation marks.
func areTexts(value string) bool {
	quoted, octets := false, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted, octets = !quoted, 0
		case c == ' ' && !quoted:
			octets = 0
		case c == '\\' && i+3 < len(value) && value[i+1] >= '0' && value[i+1] <= '9':
			if _, err := strconv.ParseUint(value[i+1:i+4], 10, 8); err != nil {
				return false
			}
			i, octets = i+3, octets+1
		case c == '\\' && i+1 == len(value):
			return false
		case c == '\\':
			i, octets = i+1, octets+1
		default:
			octets++
		}
		if octets > 255 {
			return false
		}
	}
	return !quoted && value != ""
}
