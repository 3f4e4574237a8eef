package fakeserver

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// zone is a hosted zone.
type zone struct {
	id, name, reference string
	private             bool
	names               map[string]map[string]*RecordSet // by name, and then by key
	listed              []listed                         // all, sorted; nil after a change
}

// maxZones is how many a page has.
const maxZones = 100

type hostedZone struct {
	ID              string `xml:"Id"`
	Name            string
	CallerReference string
	Comment         string `xml:"Config>Comment"`
	PrivateZone     bool   `xml:"Config>PrivateZone"`
	Count           int    `xml:"ResourceRecordSetCount"`
}

func (z *zone) document() hostedZone {
	return hostedZone{ID: "/hostedzone/" + z.id, Name: escape(z.name), CallerReference: z.reference, PrivateZone: z.private, Count: len(z.list())}
}

// AddZone makes a zone, and gives its id. Several can have the same name.
func (s *Server) AddZone(name string, private bool) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addZone(name, "by hand "+strconv.Itoa(len(s.zones)), private).id
}

func (s *Server) addZone(name, reference string, private bool) *zone {
	z := &zone{id: fmt.Sprintf("Z%013dFAKE", len(s.zones)+1), name: normalize(name), reference: reference, private: private, names: map[string]map[string]*RecordSet{}}
	z.put(&RecordSet{Name: z.name, Type: "NS", TTL: 172800, Records: Values("ns-1.awsdns-00.com.", "ns-2.awsdns-00.net.")})
	z.put(&RecordSet{Name: z.name, Type: "SOA", TTL: 900, Records: Values("ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400")})
	s.zones = append(s.zones, z)
	return z
}

func (s *Server) zone(id string) (*zone, *Error) {
	for _, z := range s.zones {
		if z.id == id {
			return z, nil
		}
	}
	return nil, &Error{Status: http.StatusNotFound, Code: "NoSuchHostedZone", Message: "No hosted zone found with ID: " + id}
}

func (s *Server) listZones(r *http.Request, _ []byte) (any, *Error) {
	marker := r.URL.Query().Get("marker")
	var page []hostedZone
	next := ""
	for _, z := range s.zones {
		switch {
		case z.id < marker:
		case len(page) == maxZones:
			next = z.id
		default:
			page = append(page, z.document())
		}
		if next != "" {
			break
		}
	}
	return struct {
		XMLName     xml.Name     `xml:"ListHostedZonesResponse"`
		Namespace   string       `xml:"xmlns,attr"`
		Zones       []hostedZone `xml:"HostedZones>HostedZone"`
		Marker      string       `xml:",omitempty"`
		IsTruncated bool
		NextMarker  string `xml:",omitempty"`
		MaxItems    int
	}{Namespace: namespace, Zones: page, Marker: marker, IsTruncated: next != "", NextMarker: next, MaxItems: maxZones}, nil
}

func (s *Server) createZone(_ *http.Request, body []byte) (any, *Error) {
	var request struct {
		XMLName         xml.Name `xml:"CreateHostedZoneRequest"`
		Name            string
		CallerReference string
	}
	if err := xml.Unmarshal(body, &request); err != nil || request.CallerReference == "" {
		return nil, badInput("Invalid XML ; javax.xml.stream.XMLStreamException")
	}
	if name := strings.TrimSuffix(request.Name, "."); name == "" || len(name) > 253 || strings.Contains(name, "..") {
		return nil, &Error{Status: http.StatusBadRequest, Code: "InvalidDomainName", Message: request.Name + " is not a valid domain name"}
	}
	for _, z := range s.zones {
		if z.reference == request.CallerReference {
			return nil, &Error{Status: http.StatusConflict, Code: "HostedZoneAlreadyExists", Message: "A hosted zone has already been created with the specified caller reference."}
		}
	}
	z := s.addZone(request.Name, request.CallerReference, false)
	return struct {
		XMLName     xml.Name   `xml:"CreateHostedZoneResponse"`
		Namespace   string     `xml:"xmlns,attr"`
		Zone        hostedZone `xml:"HostedZone"`
		ChangeInfo  changeInfo
		NameServers []string `xml:"DelegationSet>NameServers>NameServer"`
	}{Namespace: namespace, Zone: z.document(), ChangeInfo: s.info(), NameServers: []string{"ns-1.awsdns-00.com"}}, nil
}

type changeInfo struct {
	ID          string `xml:"Id"`
	Status      string
	SubmittedAt string
}

func (s *Server) info() changeInfo {
	s.changes++
	return changeInfo{ID: fmt.Sprintf("/change/C%d", s.changes), Status: "PENDING", SubmittedAt: now()}
}
