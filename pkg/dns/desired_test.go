package dns_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

var (
	naming = dns.Naming{Federation: "f", Suffix: "example.com.", Others: []string{"example.com.", "corp.example."}}
	fleet  = []dns.Member{
		{Name: "gondor", Region: "south", Zones: []string{"s1", "s2"}},
		{Name: "umbar", Region: "south", Zones: []string{"s2"}},
		{Name: "rohan", Region: "west"},
		{Name: "shire"},
	}
)

func addresses(texts ...string) []netip.Addr {
	all := make([]netip.Addr, 0, len(texts))
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// lines are names without what all have in common, with their records.
func lines(wanted []dns.Wanted) []string {
	var all []string
	for _, w := range wanted {
		for _, set := range w.Sets {
			short := func(name string) string { return strings.ReplaceAll(name, ".example.com.", "") }
			all = append(all, short(w.Name)+" "+string(set.Type)+" "+short(strings.Join(set.Values, " ")))
		}
	}
	return all
}

func TestDesired(t *testing.T) {
	for _, tt := range []struct {
		name     string
		backends []dns.Backend
		want     []string
	}{
		{name: "no backend, no name"},
		{name: "a backend that is no member", backends: []dns.Backend{{Member: "mordor", Addresses: addresses("192.0.2.1")}}},
		{name: "a backend without an address", backends: []dns.Backend{{Member: "gondor"}}},
		{name: "a member answers in all its zones, its region and for all; others lead there",
			backends: []dns.Backend{{Member: "gondor", Addresses: addresses("192.0.2.1")}}, want: []string{
				"web.ns.f.svc A 192.0.2.1", "web.ns.f.svc.s1.south A 192.0.2.1", "web.ns.f.svc.s2.south A 192.0.2.1",
				"web.ns.f.svc.south A 192.0.2.1", "web.ns.f.svc.west CNAME web.ns.f.svc",
			}},
		{name: "zones without backends lead to the region",
			backends: []dns.Backend{{Member: "umbar", Addresses: addresses("192.0.2.2")}}, want: []string{
				"web.ns.f.svc A 192.0.2.2", "web.ns.f.svc.s1.south CNAME web.ns.f.svc.south", "web.ns.f.svc.s2.south A 192.0.2.2",
				"web.ns.f.svc.south A 192.0.2.2", "web.ns.f.svc.west CNAME web.ns.f.svc",
			}},
		{name: "a member without a region answers for all alone",
			backends: []dns.Backend{{Member: "shire", Addresses: addresses("192.0.2.4")}}, want: []string{
				"web.ns.f.svc A 192.0.2.4", "web.ns.f.svc.s1.south CNAME web.ns.f.svc.south", "web.ns.f.svc.s2.south CNAME web.ns.f.svc.south",
				"web.ns.f.svc.south CNAME web.ns.f.svc", "web.ns.f.svc.west CNAME web.ns.f.svc",
			}},
		{name: "members of one place answer together, each address once, IPv6 beside", backends: []dns.Backend{
			{Member: "gondor", Addresses: addresses("192.0.2.10", "2001:db8::1", "192.0.2.9")}, {Member: "umbar", Addresses: addresses("192.0.2.9", "::ffff:192.0.2.1")}}, want: []string{
			"web.ns.f.svc A 192.0.2.1 192.0.2.10 192.0.2.9", "web.ns.f.svc AAAA 2001:db8::1",
			"web.ns.f.svc.s1.south A 192.0.2.10 192.0.2.9", "web.ns.f.svc.s1.south AAAA 2001:db8::1",
			"web.ns.f.svc.s2.south A 192.0.2.1 192.0.2.10 192.0.2.9", "web.ns.f.svc.s2.south AAAA 2001:db8::1",
			"web.ns.f.svc.south A 192.0.2.1 192.0.2.10 192.0.2.9", "web.ns.f.svc.south AAAA 2001:db8::1", "web.ns.f.svc.west CNAME web.ns.f.svc",
		}},
		{name: "a level whose only address is a hostname is a CNAME to it; with others it has addresses", backends: []dns.Backend{
			{Member: "rohan", Hostname: "LB.example.net", Addresses: addresses("203.0.113.1")}, {Member: "shire", Addresses: addresses("192.0.2.4")}}, want: []string{
			"web.ns.f.svc A 192.0.2.4 203.0.113.1", "web.ns.f.svc.s1.south CNAME web.ns.f.svc.south", "web.ns.f.svc.s2.south CNAME web.ns.f.svc.south",
			"web.ns.f.svc.south CNAME web.ns.f.svc", "web.ns.f.svc.west CNAME lb.example.net.",
		}},
		{name: "of several hostnames without addresses the first is better than nothing", backends: []dns.Backend{
			{Member: "rohan", Hostname: "b.example.net."}, {Member: "shire", Hostname: "a.example.net."}}, want: []string{
			"web.ns.f.svc CNAME a.example.net.", "web.ns.f.svc.s1.south CNAME web.ns.f.svc.south", "web.ns.f.svc.s2.south CNAME web.ns.f.svc.south",
			"web.ns.f.svc.south CNAME web.ns.f.svc", "web.ns.f.svc.west CNAME b.example.net.",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wanted, problems := dns.Desired(naming, dns.Service{Namespace: "ns", Name: "web", TTL: 60, Backends: tt.backends}, fleet)
			if diff := cmp.Diff(tt.want, lines(wanted)); diff != "" || len(problems) > 0 {
				t.Errorf("problems %v, names (-want +got):\n%s", problems, diff)
			}
			for _, w := range wanted {
				for _, set := range w.Sets {
					if set.TTL != 60 || set.Name != w.Name || w.Service != "ns/web" {
						t.Errorf("%+v: want TTL 60, its name, and Service ns/web", w)
					}
				}
			}
		})
	}
}

func TestProblemsDoNotHoldUpTheRest(t *testing.T) {
	long := strings.Repeat("a", 60)
	for _, tt := range []struct {
		name    string
		service dns.Service
		members []dns.Member
		want    []string // names
		problem string
	}{
		{name: "an address that leads nowhere", members: fleet[3:], service: dns.Service{Backends: []dns.Backend{{Member: "shire", Addresses: addresses("0.0.0.0", "fe80::1%eth0", "224.0.0.1", "::ffff:127.0.0.1", "::1", "169.254.169.254", "192.0.2.1")}}},
			want: []string{"web.ns.f.svc A 192.0.2.1"}, problem: `member "shire"`},
		{name: "a hostname that leads in a circle", members: fleet[3:],
			service: dns.Service{Backends: []dns.Backend{{Member: "shire", Hostname: "other.ns.f.svc.example.com", Addresses: addresses("192.0.2.1")}}},
			want:    []string{"web.ns.f.svc A 192.0.2.1"}, problem: "federation \"f\" itself"},
		{name: "one that does so over another zone of the federation's", members: fleet[3:],
			service: dns.Service{Backends: []dns.Backend{{Member: "shire", Hostname: "Other.ns.f.svc.region.corp.example", Addresses: addresses("192.0.2.1")}}},
			want:    []string{"web.ns.f.svc A 192.0.2.1"}, problem: "federation \"f\" itself"},
		{name: "a hostname that is an address", members: fleet[3:],
			service: dns.Service{Backends: []dns.Backend{{Member: "shire", Hostname: "192.0.2.7"}, {Member: "shire", Addresses: addresses("192.0.2.1")}}},
			want:    []string{"web.ns.f.svc A 192.0.2.1"}, problem: "it is an address"},
		{name: "and one with a dot at its end, so that nothing is left", members: fleet[3:],
			service: dns.Service{Backends: []dns.Backend{{Member: "shire", Hostname: "192.0.2.7."}}}, problem: "it is an address"},
		{name: "a hostname that is none", members: fleet[3:],
			service: dns.Service{Backends: []dns.Backend{{Member: "shire", Hostname: "a b", Addresses: addresses("192.0.2.1")}}},
			want:    []string{"web.ns.f.svc A 192.0.2.1"}, problem: `hostname "a b"`},
		{name: "names of places that are too long", members: []dns.Member{{Name: "shire", Region: long, Zones: []string{long + "x"}}},
			service: dns.Service{Name: long, Namespace: long, Backends: []dns.Backend{{Member: "shire", Addresses: addresses("192.0.2.1")}}},
			want:    []string{long + "." + long + ".f.svc." + long + " A 192.0.2.1", long + "." + long + ".f.svc A 192.0.2.1"}, problem: "may have 244"},
		{name: "a label that is too long", members: fleet[3:], service: dns.Service{Name: strings.Repeat("a", 64), Backends: []dns.Backend{{Member: "shire", Addresses: addresses("192.0.2.1")}}},
			problem: "64 octets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.service
			if s.Name == "" {
				s.Name = "web"
			}
			if s.Namespace == "" {
				s.Namespace = "ns"
			}
			wanted, problems := dns.Desired(naming, s, tt.members)
			if diff := cmp.Diff(tt.want, lines(wanted)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if len(problems) == 0 || !strings.Contains(problems[0].Message, tt.problem) {
				t.Errorf("problems = %v, want one with %q", problems, tt.problem)
			}
		})
	}
}
