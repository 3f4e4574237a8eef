package route53_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
)

func TestAliasesAndSetsOfSeveralAreLetBe(t *testing.T) {
	server, p, zone := started(t)
	weights := []int{1, 2}
	for _, set := range []fakeserver.RecordSet{
		{Name: "alias.example.com.", Type: "A", AliasTarget: &fakeserver.Alias{HostedZoneID: "Z2", DNSName: "lb.example.net."}},
		{Name: "weighted.example.com.", Type: "A", TTL: 60, SetIdentifier: "one", Weight: &weights[0], Records: fakeserver.Values("203.0.113.1")},
		{Name: "weighted.example.com.", Type: "A", TTL: 60, SetIdentifier: "two", Weight: &weights[1], Records: fakeserver.Values("203.0.113.2")},
	} {
		server.Put(zone.ID, set)
	}
	before := server.Records(zone.ID)
	for name, ttl := range map[string]uint32{"alias.example.com.": 0, "weighted.example.com.": 60} {
		sets, err := p.Records(t.Context(), zone, name)
		if diff := cmp.Diff([]dns.RecordSet{{Name: name, Type: dns.A, TTL: ttl}}, sets); err != nil || diff != "" {
			t.Fatalf("Records: %v (-want +got):\n%s", err, diff)
		}
		replace := dnstest.Address(name, "192.0.2.1")
		replace.Changes[0].Before = &sets[0]
		for what, unit := range map[string]dns.Unit{"to replace": replace, "to make": dnstest.Address(name, "192.0.2.1")} {
			var failed *dns.UnitErrors
			if err := p.Apply(t.Context(), zone, []dns.Unit{unit}); !errors.As(err, &failed) {
				t.Errorf("Apply of a unit %s %s = %v, want it to fail", what, name, err)
			}
		}
	}
	if diff := cmp.Diff(before, server.Records(zone.ID)); diff != "" {
		t.Errorf("the zone (-before +after):\n%s", diff)
	}
}

func TestWhatOthersWroteTheirWayIsReplaced(t *testing.T) {
	server, p, zone := started(t)
	for _, set := range []fakeserver.RecordSet{
		{Name: "*.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("192.0.2.2", "192.0.2.1")},
		{Name: "web.example.com.", Type: "AAAA", TTL: 60, Records: fakeserver.Values("2001:DB8:0:0:0:0:0:1")},
		{Name: "web.example.com.", Type: "TXT", TTL: 60, Records: fakeserver.Values(`"two" "parts"`, `"\141\040b"`)},
	} {
		server.Put(zone.ID, set)
	}
	sets, err := p.Records(t.Context(), zone, zone.Name)
	want := []dns.RecordSet{
		{Name: "example.com.", Type: "NS", TTL: 172800},
		{Name: "example.com.", Type: "SOA", TTL: 900},
		{Name: "*.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1", "192.0.2.2"}},
		{Name: "web.example.com.", Type: dns.AAAA, TTL: 60, Values: []string{"2001:db8::1"}},
		{Name: "web.example.com.", Type: dns.TXT, TTL: 60, Values: []string{"a b", "twoparts"}},
	}
	if diff := cmp.Diff(want, sets); err != nil || diff != "" {
		t.Fatalf("Records: %v (-want +got):\n%s", err, diff)
	}
	units := []dns.Unit{
		{Name: "*.example.com.", Changes: []dns.Change{{Before: &sets[2]}}},
		{Name: "web.example.com.", Changes: []dns.Change{{Before: &sets[3]}, {Before: &sets[4]}}},
	}
	if err := p.Apply(t.Context(), zone, units); err != nil {
		t.Fatalf("Apply = %v", err)
	}
	if left := server.Records(zone.ID); len(left) != 2 {
		t.Errorf("the zone still holds %v", left)
	}
}
