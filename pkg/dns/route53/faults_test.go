package route53_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	"github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
)

func TestCallsArePaced(t *testing.T) {
	server, p, zone := started(t, func(o *route53.Options) { o.CallsPerSecond = 20 })
	server.Limit(40, 5)
	for i := range 3000 {
		server.Put(zone.ID, fakeserver.RecordSet{Name: fmt.Sprintf("name-%04d.example.com.", i), Type: "A", TTL: 60, Records: fakeserver.Values("192.0.2.1")})
	}
	if sets, err := p.Records(t.Context(), zone, zone.Name); err != nil || len(sets) != 3002 {
		t.Errorf("Records = %d sets, %v, want 3002", len(sets), err)
	}
	if calls := server.Calls(""); calls != 11 {
		t.Errorf("%d calls for 3002 sets, want 11", calls)
	}
}

func TestUnitsAtFaultAreFound(t *testing.T) {
	there := fakeserver.RecordSet{Name: "taken.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("203.0.113.1")}
	also := fakeserver.RecordSet{Name: "too.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("203.0.113.1")}
	third := fakeserver.RecordSet{Name: "three.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("203.0.113.1")}
	for _, tt := range []struct {
		name  string
		there []fakeserver.RecordSet
		bad   []dns.Unit
		want  error
		calls int
	}{
		{name: "one that is named", there: []fakeserver.RecordSet{there}, bad: []dns.Unit{dnstest.Address(there.Name, "192.0.2.1")}, want: dns.ErrStale, calls: 2},
		{name: "two, in the one form of answers", there: []fakeserver.RecordSet{there, also}, bad: []dns.Unit{dnstest.Address(there.Name, "192.0.2.1"), dnstest.Address(also.Name, "192.0.2.1")}, want: dns.ErrStale, calls: 2},
		{name: "three, in the other", there: []fakeserver.RecordSet{there, also, third}, bad: []dns.Unit{dnstest.Address(there.Name, "192.0.2.1"), dnstest.Address(also.Name, "192.0.2.1"), dnstest.Address(third.Name, "192.0.2.1")}, want: dns.ErrStale, calls: 2},
		{name: "one whose name the answer does not say", bad: []dns.Unit{dnstest.Address("bad.example.com.", "not-an-address")}, want: dns.ErrRejected, calls: 5},
		{name: "one that is not in the zone", bad: []dns.Unit{dnstest.Address("web.example.org.", "192.0.2.1")}, want: dns.ErrRejected, calls: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, p, zone := started(t)
			for _, set := range tt.there {
				server.Put(zone.ID, set)
			}
			good := []dns.Unit{dnstest.Address("a.example.com.", "192.0.2.1"), dnstest.Address("b.example.com.", "192.0.2.1"), dnstest.Address("c.example.com.", "192.0.2.1")}
			err := p.Apply(t.Context(), zone, slices.Concat(good[:2], tt.bad, good[2:]))
			var failed *dns.UnitErrors
			if !errors.As(err, &failed) || len(failed.Failed) != len(tt.bad) {
				t.Fatalf("Apply = %v, want %d failed units", err, len(tt.bad))
			}
			for _, u := range tt.bad {
				if err := failed.Failed[u.Name]; !errors.Is(err, tt.want) {
					t.Errorf("unit %s failed with %v, want %v", u.Name, err, tt.want)
				}
			}
			for _, u := range good {
				if !slices.ContainsFunc(server.Records(zone.ID), func(s fakeserver.RecordSet) bool { return s.Name == u.Name }) {
					t.Errorf("unit %s was not made", u.Name)
				}
			}
			if calls := server.Calls(""); calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
		})
	}
}
