package rfc2136

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

const zoneName = "example.com."

// roundTrip is a set after it has been on the wire.
func roundTrip(t *testing.T, set dns.RecordSet) dns.RecordSet {
	t.Helper()
	made, err := encode(set)
	if err != nil {
		t.Fatal(err)
	}
	var received []mdns.RR
	for _, rr := range made {
		wire := make([]byte, 8192)
		n, err := mdns.PackRR(rr, wire, 0, nil, false)
		if err != nil {
			t.Fatalf("pack %v: %v", rr, err)
		}
		back, _, err := mdns.UnpackRR(wire[:n], 0)
		if err != nil {
			t.Fatal(err)
		}
		received = append(received, back)
	}
	back := sets(received, set.Name)
	if len(back) != 1 {
		t.Fatalf("%v came back as %d sets", set, len(back))
	}
	return back[0]
}

func TestValuesAreTheSameOnTheOtherSide(t *testing.T) {
	for _, set := range []dns.RecordSet{
		{Type: dns.A, Values: []string{"192.0.2.1", "192.0.2.20", "192.0.2.3"}},
		{Type: dns.AAAA, Values: []string{"2001:db8:0:1::", "2001:db8::1", "::1"}},
		{Type: dns.CNAME, Values: []string{"a-b.0.example.com."}},
		{Type: dns.TXT, Values: []string{"heritage=fedhelm,federation=f,uid=u,service=n/s"}},
		{Type: dns.TXT, Values: []string{strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat(`z\`, 300)}},
		{Type: dns.TXT, Values: []string{"", ` "quoted" `, `\123`, `\`, "\x00\xff\n"}},
	} {
		set.Name, set.TTL = "web.example.com.", 60
		want := map[string]bool{}
		for _, v := range set.Values {
			want[v] = true
		}
		back := roundTrip(t, set)
		got := map[string]bool{}
		for _, v := range back.Values {
			got[v] = true
		}
		if diff := cmp.Diff(want, got); diff != "" || back.TTL != 60 || back.Type != set.Type {
			t.Errorf("%s came back as %v (-want +got):\n%s", set.Type, back, diff)
		}
	}
}

func FuzzTexts(f *testing.F) {
	for _, text := range []string{"", `\`, `\"`, `\25`, `\256`, strings.Repeat(`\`, 300), "ä"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		set := dns.RecordSet{Name: "web.example.com.", Type: dns.TXT, TTL: 60, Values: []string{text}}
		if got := roundTrip(t, set).Values[0]; got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}

func TestSetsOfATransfer(t *testing.T) {
	var records []mdns.RR
	for _, line := range []string{
		"example.com. 300 SOA ns.example.com. h.example.com. 1 2 3 4 5", "example.com. 300 NS ns.example.com.",
		"WEB.Example.com. 60 A 192.0.2.2", "web.example.com. 60 A 192.0.2.1", "web.example.com. 60 MX 10 mail.example.com.",
		"a.web.example.com. 60 CNAME Web.Example.COM.", "aweb.example.com. 60 A 192.0.2.3", "b.web.example.com. 60 TYPE65400 \\# 1 00",
		"c.web.example.com. 60 A 192.0.2.4", "c.web.example.com. 30 A 192.0.2.5",
	} {
		rr, err := mdns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rr)
	}
	want := []dns.RecordSet{
		{Name: "a.web.example.com.", Type: dns.CNAME, TTL: 60, Values: []string{"web.example.com."}},
		{Name: "b.web.example.com.", Type: "TYPE65400", TTL: 60},
		{Name: "c.web.example.com.", Type: dns.A, TTL: 0, Values: []string{"192.0.2.4", "192.0.2.5"}},
		{Name: "web.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1", "192.0.2.2"}},
		{Name: "web.example.com.", Type: "MX", TTL: 60},
	}
	if diff := cmp.Diff(want, sets(records, "web.example.com.")); diff != "" {
		t.Errorf("sets at and below web (-want +got):\n%s", diff)
	}
}

func TestUnitsThatAreRejectedUnsent(t *testing.T) {
	zone := dns.Zone{ID: zoneName, Name: zoneName}
	set := func(name string, typ dns.Type, values ...string) dns.Unit {
		return dns.Unit{Name: name, Changes: []dns.Change{{After: &dns.RecordSet{Name: name, Type: typ, TTL: 60, Values: values}}}}
	}
	for name, unit := range map[string]dns.Unit{
		"a name outside of the zone":   set("web.example.org.", dns.A, "192.0.2.1"),
		"a name that only ends alike":  set("anexample.com.", dns.A, "192.0.2.1"),
		"an address that is none":      set("web.example.com.", dns.A, "192.0.2.256"),
		"an address of the other kind": set("web.example.com.", dns.A, "2001:db8::1"),
		"an address with a zone":       set("web.example.com.", dns.AAAA, "fe80::1%eth0"),
		"a type that is not made here": set("web.example.com.", "MX", "10 mail"),
	} {
		if _, err := newUpdate(zone, unit); !errors.Is(err, dns.ErrRejected) {
			t.Errorf("%s: %v, want ErrRejected", name, err)
		}
	}
}
