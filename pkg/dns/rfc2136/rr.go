package rfc2136

import (
	"fmt"
	"net/netip"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// encode makes the records of a set.
func encode(set dns.RecordSet) ([]mdns.RR, error) {
	records := make([]mdns.RR, 0, len(set.Values))
	for _, value := range set.Values {
		header := mdns.RR_Header{Name: set.Name, Rrtype: mdns.StringToType[string(set.Type)], Class: mdns.ClassINET, Ttl: set.TTL}
		switch set.Type {
		case dns.A, dns.AAAA:
			addr, err := netip.ParseAddr(value)
			if err != nil || addr.Is4() != (set.Type == dns.A) || addr.Zone() != "" {
				return nil, fmt.Errorf("%w: %q is no value of an %s record", dns.ErrRejected, value, set.Type)
			}
			if set.Type == dns.A {
				records = append(records, &mdns.A{Hdr: header, A: addr.AsSlice()})
			} else {
				records = append(records, &mdns.AAAA{Hdr: header, AAAA: addr.AsSlice()})
			}
		case dns.CNAME:
			records = append(records, &mdns.CNAME{Hdr: header, Target: value})
		case dns.TXT:
			records = append(records, &mdns.TXT{Hdr: header, Txt: split(value)})
		default:
			return nil, fmt.Errorf("%w: records of type %s are not made here", dns.ErrRejected, set.Type)
		}
	}
	return records, nil
}

// decode is the value of a record, for the types that federations use.
func decode(rr mdns.RR) (value string, ok bool) {
	switch rr := rr.(type) {
	case *mdns.A:
		addr, _ := netip.AddrFromSlice(rr.A)
		return addr.Unmap().String(), true
	case *mdns.AAAA:
		addr, _ := netip.AddrFromSlice(rr.AAAA)
		return addr.String(), true
	case *mdns.CNAME:
		return dns.Absolute(rr.Target), true
	case *mdns.TXT:
		var b strings.Builder
		for _, s := range rr.Txt {
			b.WriteString(unescape(s))
		}
		return b.String(), true
	}
	return "", false
}

// sets are those at under and below it.
func sets(records []mdns.RR, under string) []dns.RecordSet {
	parts := make([]dns.RecordSet, 0, len(records))
	for _, rr := range records {
		header := rr.Header()
		part := dns.RecordSet{Name: dns.Absolute(header.Name), Type: dns.Type(mdns.Type(header.Rrtype).String()), TTL: header.Ttl}
		if !dns.Within(part.Name, under) {
			continue
		}
		if value, ok := decode(rr); ok {
			part.Values = []string{value}
		}
		parts = append(parts, part)
	}
	return dns.Gather(parts)
}

// split makes strings of at most 255 octets, in which the library wants backslashes escaped.
func split(text string) []string {
	parts := []string{}
	for len(text) > 255 {
		parts = append(parts, strings.ReplaceAll(text[:255], `\`, `\\`))
		text = text[255:]
	}
	return append(parts, strings.ReplaceAll(text, `\`, `\\`))
}

// unescape undoes how the library escapes texts: \" \\ and \DDD.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		case i+3 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]):
			b.WriteByte((s[i+1]-'0')*100 + (s[i+2]-'0')*10 + s[i+3] - '0')
			i += 3
		default:
			b.WriteByte(s[i+1])
			i++
		}
	}
	return b.String()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
