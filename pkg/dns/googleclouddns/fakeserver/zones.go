package fakeserver

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pageSize is how many zones or record sets an answer has at most.
const pageSize = 100

// Zone is a managed zone.
type Zone struct {
	Kind        string `json:"kind"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	DNSName     string `json:"dnsName"`
	Description string `json:"description"`
	Visibility  string `json:"visibility"`
	// ForwardingConfig is of zones that hold no records.
	ForwardingConfig object `json:"forwardingConfig,omitempty"`
}

type zone struct {
	Zone
	names map[string]map[string]*RecordSet // by name, and then by type
	keys  []string                         // of all, sorted; nil after a change
}

// AddZone makes a zone with the name as a managed zone and the name in the DNS.
func (s *Server) AddZone(z Zone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addZone(z)
}

func (s *Server) addZone(z Zone) *zone {
	s.serial++
	z.Kind, z.ID = "dns#managedZone", strconv.Itoa(7000000000000000000+s.serial)
	added := &zone{Zone: z, names: map[string]map[string]*RecordSet{}}
	added.put(&RecordSet{Name: z.DNSName, Type: "NS", TTL: 21600, Rrdatas: []string{"ns-cloud-a1.googledomains.com."}})
	added.put(&RecordSet{Name: z.DNSName, Type: "SOA", TTL: 21600, Rrdatas: []string{"ns-cloud-a1.googledomains.com. cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"}})
	s.zones[z.Name] = added
	return added
}

// zone finds one by its name or its number.
func (s *Server) zone(r *http.Request) (*zone, *Error) {
	wanted := r.PathValue("zone")
	for _, z := range s.zones {
		if z.Name == wanted || z.ID == wanted {
			return z, nil
		}
	}
	return nil, &Error{Status: http.StatusNotFound, Reason: "notFound", Message: fmt.Sprintf("The 'parameters.managedZone' resource named '%s' does not exist.", wanted)}
}

func (s *Server) listZones(r *http.Request, _ []byte) (any, *Error) {
	names := slices.Sorted(maps.Keys(s.zones))
	first, end, next, refusal := paged(r, names)
	if refusal != nil {
		return nil, refusal
	}
	zones := make([]Zone, 0, end-first)
	for _, name := range names[first:end] {
		zones = append(zones, s.zones[name].Zone)
	}
	return listed("dns#managedZonesListResponse", "managedZones", zones, next), nil
}

// paged says which of things with these sorted keys an answer has: those after the key in the page's token.
func paged(r *http.Request, keys []string) (first, end int, next string, refusal *Error) {
	query := r.URL.Query()
	if token := query.Get("pageToken"); token != "" {
		after, err := base64.URLEncoding.DecodeString(token)
		if err != nil {
			return 0, 0, "", invalid("Invalid value for 'parameters.pageToken': '%s'", token)
		}
		var found bool
		if first, found = slices.BinarySearch(keys, string(after)); found {
			first++
		}
	}
	most := pageSize
	if text := query.Get("maxResults"); text != "" {
		wanted, err := strconv.Atoi(text)
		if err != nil || wanted < 1 {
			return 0, 0, "", invalid("Invalid value for 'parameters.maxResults': '%s'", text)
		}
		most = min(most, wanted)
	}
	if end = min(first+most, len(keys)); end < len(keys) {
		next = base64.URLEncoding.EncodeToString([]byte(keys[end-1]))
	}
	return first, end, next, nil
}

func listed(kind, field string, things any, next string) object {
	answer := object{"kind": kind, field: things}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer
}

var zoneName = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)

func (s *Server) createZone(_ *http.Request, body []byte) (any, *Error) {
	var z Zone
	if err := json.Unmarshal(body, &z); err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Reason: "parseError", Message: "Parse Error"}
	}
	switch {
	case z.Description == "":
		return nil, &Error{Status: http.StatusBadRequest, Reason: "required", Message: "The 'entity.managedZone.description' parameter is required but was missing."}
	case !zoneName.MatchString(z.Name):
		return nil, invalid("Invalid value for 'entity.managedZone.name': '%s'", z.Name)
	case !strings.HasSuffix(z.DNSName, ".") || len(z.DNSName) < 2:
		return nil, invalid("Invalid value for 'entity.managedZone.dnsName': '%s'", z.DNSName)
	case s.zones[z.Name] != nil:
		return nil, &Error{Status: http.StatusConflict, Reason: "alreadyExists", Message: fmt.Sprintf("The resource 'entity.managedZone' named '%s' already exists", z.Name)}
	}
	return s.addZone(z).Zone, nil
}
