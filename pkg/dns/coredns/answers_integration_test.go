//go:build integration

package coredns

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/testutil/zoneserver"
)

var zone = dns.Zone{ID: zoneName, Name: zoneName}

// TestIntegrationAnswers asks a real CoreDNS for what a federation published.
func TestIntegrationAnswers(t *testing.T) {
	server := zoneserver.Start(t, zoneName)
	p := newProvider(t, server)
	owner := dns.Owner{Federation: "fellowship", UID: "5f1c2a0e"}
	naming := dns.Naming{Federation: "fellowship", Suffix: zoneName}
	members := []dns.Member{
		{Name: "gondor", Region: "eu-west", Zones: []string{"eu-west-a"}},
		{Name: "rohan", Region: "us-east", Zones: []string{"us-east-a", "us-east-b"}},
		{Name: "mordor", Region: "asia", Zones: []string{"asia-a"}},
	}
	service := dns.Service{Namespace: "default", Name: "web", TTL: 60, Backends: []dns.Backend{
		{Member: "gondor", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")}},
		{Member: "rohan", Addresses: []netip.Addr{netip.MustParseAddr("198.51.100.1")}},
	}}
	publish := func(services ...dns.Service) {
		t.Helper()
		current, err := p.Records(t.Context(), zone, zoneName)
		if err != nil {
			t.Fatal(err)
		}
		var wanted []dns.Wanted
		for _, s := range services {
			names, problems := dns.Desired(naming, s, members)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			wanted = append(wanted, names...)
		}
		units, _ := dns.Plan(owner, wanted, dns.NewIndex(current), dns.Scope{All: true})
		if err := p.Apply(t.Context(), zone, units); err != nil {
			t.Fatal(err)
		}
	}
	const global = "web.default.fellowship.svc.example.com."
	asks := func(name string, qtype uint16, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(server.Ask(t, name, qtype)))); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", name, mdns.TypeToString[qtype], diff)
		}
	}

	publish(service)
	asks(global, mdns.TypeA, global+" 60 IN A 192.0.2.1", global+" 60 IN A 192.0.2.2", global+" 60 IN A 198.51.100.1")
	asks(global, mdns.TypeAAAA, global+" 60 IN AAAA 2001:db8::1")
	asks(global, mdns.TypeTXT) // the mark below is no text of the name
	asks("_fedhelm."+global, mdns.TypeTXT, "_fedhelm."+global+` 300 IN TXT "heritage=fedhelm,federation=fellowship,uid=5f1c2a0e,service=default/web"`)
	asks("_fedhelm."+global, mdns.TypeA)
	region, zoneB := "web.default.fellowship.svc.us-east.example.com.", "web.default.fellowship.svc.us-east-b.us-east.example.com."
	asks(region, mdns.TypeA, region+" 60 IN A 198.51.100.1")
	asks(region, mdns.TypeAAAA) // addresses there are, of the other kind
	asks(zoneB, mdns.TypeA, zoneB+" 60 IN A 198.51.100.1")
	asks("nobody.default.fellowship.svc.example.com.", mdns.TypeA, "NXDOMAIN")
	t.Run("a zone without backends leads by its region to the global name", func(t *testing.T) {
		zoneA, region := "web.default.fellowship.svc.asia-a.asia.example.com.", "web.default.fellowship.svc.asia.example.com."
		chain := []string{zoneA + " 60 IN CNAME " + region, region + " 60 IN CNAME " + global}
		got := server.Ask(t, zoneA, mdns.TypeA)
		if len(got) != 5 || !slices.Equal(got[:2], chain) {
			t.Fatalf("A of %s = %q, want %q and three addresses", zoneA, got, chain)
		}
		for _, rr := range got[2:] {
			if !slices.Contains(server.Ask(t, global, mdns.TypeA), rr) {
				t.Errorf("%q is not at the global name", rr)
			}
		}
		if got, want := server.Ask(t, zoneA, mdns.TypeAAAA), slices.Concat(chain, []string{global + " 60 IN AAAA 2001:db8::1"}); !slices.Equal(got, want) {
			t.Errorf("AAAA of %s = %q, want %q", zoneA, got, want)
		}
	})

	service.Backends = service.Backends[1:]
	publish(service)
	asks(global, mdns.TypeA, global+" 60 IN A 198.51.100.1")
	asks(global, mdns.TypeAAAA)

	other := service
	other.Name = "web-2" // whose key sorts between that of web and what is below it
	publish(service, other)
	asks(global, mdns.TypeA, global+" 60 IN A 198.51.100.1")
	sameAsRecords(t, server, p)

	publish()
	asks(global, mdns.TypeA, "NXDOMAIN")
	if left, err := p.Records(t.Context(), zone, zoneName); err != nil || len(left) > 0 {
		t.Errorf("after all has gone there is %v, %v", left, err)
	}
}

// sameAsRecords compares what is listed with what is answered, for all there is.
func sameAsRecords(t *testing.T, server *zoneserver.Server, p *Provider) {
	t.Helper()
	listed, err := p.Records(t.Context(), zone, zoneName)
	if err != nil || len(listed) == 0 {
		t.Fatalf("%d record sets are listed, %v", len(listed), err)
	}
	for _, set := range listed {
		qtype := mdns.StringToType[string(set.Type)]
		if set.Type == dns.CNAME {
			qtype = mdns.TypeA // a direct question for it is one that the plug-in does not answer
		}
		var want []string
		for _, value := range set.Values {
			if set.Type == dns.TXT {
				value = `"` + value + `"`
			}
			want = append(want, set.Name+" 60 IN "+string(set.Type)+" "+value)
			if set.Type == dns.TXT {
				want[0] = set.Name + " 300 IN TXT " + value
			}
		}
		var got []string
		for _, rr := range server.Ask(t, set.Name, qtype) {
			if rr[:len(set.Name)+1] == set.Name+" " {
				got = append(got, rr)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %s as listed and as answered (-listed +answered):\n%s", set.Type, set.Name, diff)
		}
	}
}
