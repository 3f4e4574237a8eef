package inmemory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
)

func TestContract(t *testing.T) {
	dnstest.Run(t, func(*testing.T) dnstest.Harness {
		zone := dns.Zone{ID: "1", Name: "example.com."}
		server := inmemory.New(zone, dns.Zone{ID: "2", Name: "example.org."})
		failing := func(err error) func(testing.TB) func() {
			return func(testing.TB) func() {
				server.Fail(inmemory.Faults{Call: func(string) error { return err }})
				return func() { server.Fail(inmemory.Faults{}) }
			}
		}
		return dnstest.Harness{
			Provider: server,
			Zone:     zone,
			Put:      func(_ testing.TB, set dns.RecordSet) { server.Put(zone, set) },
			Remove:   func(_ testing.TB, name string, t dns.Type) { server.Remove(zone, name, t) },
			Foreign:  []dns.Type{"MX", "SRV", "CAA"},
			Calls:    func() int { return server.Calls("") },
			MostCalls: func(sizes []int) int {
				return (len(sizes) + inmemory.UnitsPerCall - 1) / inmemory.UnitsPerCall
			},
			MostListing: func(int) int { return 1 },
			Throttle:    failing(&dns.Throttled{After: time.Second, Err: errors.New("rate exceeded")}),
			Deny:        failing(dns.ErrDenied),
			Break:       failing(errors.New("internal error")),
			Rejected: func() dns.Unit {
				return dnstest.BesideMX(zone, func(set dns.RecordSet) { server.Put(zone, set) })
			},
			Atomic:      true,
			TTLCompared: true,
		}
	})
}
