//go:build integration

package rfc2136

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/testutil/bind"
)

// TestIntegrationContract is against a real BIND.
func TestIntegrationContract(t *testing.T) {
	dnstest.Run(t, func(t *testing.T) dnstest.Harness {
		t.Helper()
		server := startBIND(t)
		var calls atomic.Int64
		p := newProvider(t, server, func(o *Options) {
			o.Observe = func(string, error) { calls.Add(1) }
		})
		return dnstest.Harness{
			FixedZones: true,
			Provider:   p,
			Zone:       dns.Zone{ID: zoneName, Name: zoneName},
			Put: func(tb testing.TB, set dns.RecordSet) {
				tb.Helper()
				server.Update(tb, func(m *mdns.Msg) {
					m.RemoveRRset(header(set.Name, set.Type))
					m.Insert(records(tb, set))
				})
			},
			Remove: func(tb testing.TB, name string, t dns.Type) {
				tb.Helper()
				server.Update(tb, func(m *mdns.Msg) { m.RemoveRRset(header(name, t)) })
			},
			Foreign: []dns.Type{"MX", "SRV", "CAA"},
			Calls:   func() int { return int(calls.Load()) },
			MostCalls: func(sizes []int) int {
				changes := 0
				for _, size := range sizes {
					changes += size
				}
				return 1 + changes*800/maxMessage // of octets
			},
			MostListing: func(int) int { return 1 },
			Deny: func(testing.TB) func() {
				server.ChangeSecret(otherSecret)
				return func() { server.ChangeSecret(secret) }
			},
			Break: func(testing.TB) func() {
				server.Stop()
				return server.Start
			},
			Rejected: func() dns.Unit {
				name := "web.default.fellowship.svc.example.com."
				many := dns.RecordSet{Name: name, Type: dns.A, TTL: 60}
				for i := range 4096 {
					many.Values = append(many.Values, fmt.Sprintf("10.0.%d.%d", i/256, i%256))
				}
				return dns.Unit{Name: name, Changes: []dns.Change{{After: &many}}}
			},
			Atomic: true,
		}
	})
}

func newProvider(t *testing.T, server *bind.Server, change ...func(*Options)) *Provider {
	t.Helper()
	o := Options{Server: server.Address, Zones: []string{zoneName}, TSIGName: keyName, TSIGSecret: secret, Timeout: 5 * time.Second}
	for _, f := range change {
		f(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// records are of any type, with values as in a zone file for those that the provider does not make.
func records(tb testing.TB, set dns.RecordSet) []mdns.RR {
	tb.Helper()
	if made, err := encode(set); err == nil {
		return made
	}
	var made []mdns.RR
	for _, value := range set.Values {
		rr, err := mdns.NewRR(fmt.Sprintf("%s %d %s %s", set.Name, set.TTL, set.Type, value))
		if err != nil {
			tb.Fatal(err)
		}
		made = append(made, rr)
	}
	return made
}
