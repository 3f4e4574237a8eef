package fakeserver

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Limits of a request to change records.
const (
	maxRecords    = 1000
	maxCharacters = 32000
	maxPerSet     = 400
)

type changeRequest struct {
	XMLName xml.Name `xml:"ChangeResourceRecordSetsRequest"`
	Changes []change `xml:"ChangeBatch>Changes>Change"`
}

type change struct {
	Action string
	Set    RecordSet `xml:"ResourceRecordSet"`
}

// invalidBatch says what is wrong in a batch. The API has two ways to say so.
func invalidBatch(messages ...string) *Error {
	if len(messages) > 1 && len(messages)%2 == 0 {
		return &Error{Status: http.StatusBadRequest, Code: "InvalidChangeBatch", Messages: messages}
	}
	return &Error{Status: http.StatusBadRequest, Code: "InvalidChangeBatch", Message: "[" + strings.Join(messages, ", ") + "]"}
}

// changeRecords makes all changes, one after the other, or none of them.
func (s *Server) changeRecords(r *http.Request, body []byte) (any, *Error) {
	z, refusal := s.zone(r.PathValue("id"))
	if refusal != nil {
		return nil, refusal
	}
	var request changeRequest
	if err := xml.Unmarshal(body, &request); err != nil || len(request.Changes) == 0 {
		return nil, badInput("Invalid XML ; there is no change in it")
	}
	if refusal := sizes(request.Changes); refusal != nil {
		return nil, refusal
	}
	var messages []string
	var undo []func()
	for _, c := range request.Changes {
		c.Set.Name = normalize(c.Set.Name)
		message := z.check(c)
		if message != "" {
			messages = append(messages, message)
			continue
		}
		had := z.find(c.Set)
		undo = append(undo, func() {
			if z.remove(c.Set); had != nil {
				z.put(had)
			}
		})
		if c.Action == "DELETE" {
			z.remove(c.Set)
		} else {
			z.put(&c.Set)
		}
	}
	if len(messages) > 0 {
		for _, back := range slices.Backward(undo) {
			back()
		}
		return nil, invalidBatch(messages...)
	}
	return struct {
		XMLName    xml.Name `xml:"ChangeResourceRecordSetsResponse"`
		Namespace  string   `xml:"xmlns,attr"`
		ChangeInfo changeInfo
	}{Namespace: namespace, ChangeInfo: s.info()}, nil
}

// sizes checks the limits of a request. What is upserted counts twice.
func sizes(changes []change) *Error {
	records, characters := 0, 0
	for _, c := range changes {
		times := 1
		if c.Action == "UPSERT" {
			times = 2
		}
		records += times * len(c.Set.Records)
		for _, record := range c.Set.Records {
			characters += times * len(record.Value)
		}
	}
	if records > maxRecords {
		return invalidBatch(fmt.Sprintf("Number of records limit of %d exceeded.", maxRecords))
	}
	if characters > maxCharacters {
		return invalidBatch(fmt.Sprintf("Number of characters in resource record set values limit of %d exceeded.", maxCharacters))
	}
	return nil
}

// check says what is wrong with a change of the zone as it is; nothing if it can be made.
func (z *zone) check(c change) string {
	set := c.Set
	label := fmt.Sprintf("[name='%s', type='%s']", escape(set.Name), set.Type)
	had := z.find(set)
	switch {
	case set.Name != z.name && !strings.HasSuffix(set.Name, "."+z.name):
		return fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s", escape(set.Name), z.name)
	case c.Action == "DELETE" && had == nil:
		return fmt.Sprintf("Tried to delete resource record set %s but it was not found", label)
	case c.Action == "DELETE" && (had.TTL != set.TTL || !sameRecords(had.Records, set.Records)):
		return fmt.Sprintf("Tried to delete resource record set %s but the values provided do not match the current values", label)
	case c.Action == "DELETE":
		return ""
	case c.Action == "CREATE" && had != nil:
		return fmt.Sprintf("Tried to create resource record set %s but it already exists", label)
	}
	for _, other := range z.names[set.Name] {
		switch {
		case other.Type == set.Type && (other.SetIdentifier == "") != (set.SetIdentifier == ""):
			return fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier null cannot be created as other RRSets exist with the same name and type.", escape(set.Name), set.Type)
		case other.Type != set.Type && set.Type == "CNAME":
			return fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s", escape(set.Name), z.name)
		case other.Type != set.Type && other.Type == "CNAME":
			return fmt.Sprintf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type  CNAME with the same DNS name already exists in zone %s", set.Type, escape(set.Name), z.name)
		}
	}
	return checkValues(set)
}

// sameRecords compares them in any order.
func sameRecords(a, b []Record) bool {
	in := func(records []Record) []Record {
		return slices.SortedFunc(slices.Values(records), func(a, b Record) int { return strings.Compare(a.Value, b.Value) })
	}
	return slices.Equal(in(a), in(b))
}

func checkValues(set RecordSet) string {
	if len(set.Records) == 0 || len(set.Records) > maxPerSet || set.Type == "CNAME" && len(set.Records) > 1 {
		return fmt.Sprintf("Invalid request: the number of records of %s %s is not permitted", escape(set.Name), set.Type)
	}
	if len(set.Name) > 256 {
		return "FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '" + escape(set.Name) + "'"
	}
	for label := range strings.SplitSeq(set.Name, ".") {
		if len(label) > 63 {
			return "FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '" + escape(set.Name) + "'"
		}
	}
	seen := map[string]bool{}
	for _, record := range set.Records {
		value := record.Value
		addr, err := netip.ParseAddr(value)
		switch {
		case seen[value]:
			return fmt.Sprintf("Duplicate Resource Record: '%s'", value)
		case set.Type == "A" && (err != nil || !addr.Is4()):
			return fmt.Sprintf("Invalid Resource Record: FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '%s'", value)
		case set.Type == "AAAA" && (err != nil || !addr.Is6()):
			return fmt.Sprintf("Invalid Resource Record: FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '%s'", value)
		case set.Type == "TXT" && !isTexts(value):
			return fmt.Sprintf("Invalid Resource Record: FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '%s'", value)
		}
		seen[value] = true
	}
	return ""
}

// isTexts tells whether a value is strings in quotation marks, separated by spaces, each of at most 255 octets.
func isTexts(value string) bool {
	for value != "" {
		rest, opened := strings.CutPrefix(value, `"`)
		octets := 0
		for ; rest != "" && rest[0] != '"'; octets++ {
			switch {
			case rest[0] != '\\':
				rest = rest[1:]
			case len(rest) >= 4 && rest[1] >= '0' && rest[1] <= '3':
				rest = rest[4:]
			case len(rest) >= 2:
				rest = rest[2:]
			default:
				return false
			}
		}
		if !opened || rest == "" || octets > 255 {
			return false
		}
		value = strings.TrimLeft(rest[1:], " ")
	}
	return true
}
