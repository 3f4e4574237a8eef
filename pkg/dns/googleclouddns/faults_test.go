package googleclouddns_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
)

func TestRoutingPoliciesAreLetBe(t *testing.T) {
	server, p := started(t)
	policy := fakeserver.RecordSet{Name: "web.example.com.", Type: "A", TTL: 30, RoutingPolicy: map[string]any{"wrr": map[string]any{"items": []any{map[string]any{"weight": 1, "rrdatas": []string{"203.0.113.1"}}}}}}
	server.Put(example.ID, policy)
	before := server.Records(example.ID)
	sets, err := p.Records(t.Context(), example, "web.example.com.")
	if diff := cmp.Diff([]dns.RecordSet{{Name: "web.example.com.", Type: dns.A, TTL: 30}}, sets); err != nil || diff != "" {
		t.Fatalf("Records: %v (-want +got):\n%s", err, diff)
	}
	replace := dnstest.Address("web.example.com.", "192.0.2.1")
	replace.Changes[0].Before = &sets[0]
	for name, unit := range map[string]dns.Unit{"to replace it": replace, "to make it": dnstest.Address("web.example.com.", "192.0.2.1")} {
		var failed *dns.UnitErrors
		if err := p.Apply(t.Context(), example, []dns.Unit{unit}); !errors.As(err, &failed) {
			t.Errorf("Apply of a unit %s = %v, want it to fail", name, err)
		}
	}
	if diff := cmp.Diff(before, server.Records(example.ID)); diff != "" {
		t.Errorf("the zone (-before +after):\n%s", diff)
	}
}

func TestWhatOthersWroteTheirWayIsReplaced(t *testing.T) {
	server, p := started(t)
	for _, set := range []fakeserver.RecordSet{
		{Name: "web.example.com.", Type: "A", TTL: 60, Rrdatas: []string{"192.0.2.2", "192.0.2.1"}},
		{Name: "web.example.com.", Type: "AAAA", TTL: 60, Rrdatas: []string{"2001:DB8:0:0:0:0:0:1"}},
		{Name: "_fedhelm.web.example.com.", Type: "TXT", TTL: 60, Rrdatas: []string{"plain", `"two" "parts"`}},
	} {
		server.Put(example.ID, set)
	}
	sets, err := p.Records(t.Context(), example, "web.example.com.")
	want := []dns.RecordSet{
		{Name: "_fedhelm.web.example.com.", Type: dns.TXT, TTL: 60, Values: []string{"plain", "twoparts"}},
		{Name: "web.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1", "192.0.2.2"}},
		{Name: "web.example.com.", Type: dns.AAAA, TTL: 60, Values: []string{"2001:db8::1"}},
	}
	if diff := cmp.Diff(want, sets); err != nil || diff != "" {
		t.Fatalf("Records: %v (-want +got):\n%s", err, diff)
	}
	unit := dns.Unit{Name: "web.example.com.", Changes: []dns.Change{{Before: &sets[0]}, {Before: &sets[1]}, {Before: &sets[2], After: &dns.RecordSet{Name: "web.example.com.", Type: dns.AAAA, TTL: 60, Values: []string{"2001:db8::2"}}}}}
	if err := p.Apply(t.Context(), example, []dns.Unit{unit}); err != nil {
		t.Fatalf("Apply = %v", err)
	}
	if got := server.Records(example.ID); len(got) != 3 || !slices.Equal(got[2].Rrdatas, []string{"2001:db8::2"}) {
		t.Errorf("the zone holds %v, want its own records and the one that was made", got)
	}
}

func TestAnInvalidValueIsFoundAmongOthers(t *testing.T) {
	server, p := started(t)
	units := []dns.Unit{dnstest.Address("a.example.com.", "192.0.2.1"), dnstest.Address("b.example.com.", "not-an-address"), dnstest.Address("c.example.com.", "192.0.2.1")}
	err := p.Apply(t.Context(), example, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || len(failed.Failed) != 1 || !errors.Is(failed.Failed["b.example.com."], dns.ErrRejected) {
		t.Errorf("Apply = %v, want ErrRejected for b.example.com. alone", err)
	}
	if calls := server.Calls(""); calls != 2 {
		t.Errorf("%d calls, want 2: the answer names the record set", calls)
	}
}
