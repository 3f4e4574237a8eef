package route53_test

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	"github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
)

// started is a server with a zone, and a provider for it that does not wait between calls.
func started(t *testing.T, change ...func(*route53.Options)) (*fakeserver.Server, *route53.Provider, dns.Zone) {
	t.Helper()
	server := fakeserver.New()
	t.Cleanup(server.Close)
	o := route53.Options{
		Region: "eu-central-1", Endpoint: server.URL, STSEndpoint: server.URL, CallsPerSecond: 1e6,
		AccessKeyID: fakeserver.AccessKeyID, SecretAccessKey: fakeserver.SecretAccessKey,
	}
	for _, c := range change {
		c(&o)
	}
	p, err := route53.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return server, p, dns.Zone{ID: server.AddZone("example.com.", false), Name: "example.com."}
}

func TestContract(t *testing.T) {
	dnstest.Run(t, func(t *testing.T) dnstest.Harness {
		t.Helper()
		server, provider, zone := started(t)
		failing := func(err *fakeserver.Error) func(testing.TB) func() {
			return func(testing.TB) func() {
				server.Fail(func(string) *fakeserver.Error { return err })
				return func() { server.Fail(nil) }
			}
		}
		put := func(_ testing.TB, set dns.RecordSet) {
			values := set.Values
			if set.Type == dns.TXT {
				values = []string{`"` + set.Values[0] + `"`}
			}
			server.Put(zone.ID, fakeserver.RecordSet{Name: set.Name, Type: string(set.Type), TTL: int64(set.TTL), Records: fakeserver.Values(values...)})
		}
		return dnstest.Harness{
			Provider: provider,
			Zone:     zone,
			Put:      put,
			Remove:   func(_ testing.TB, name string, t dns.Type) { server.Remove(zone.ID, name, string(t), "") },
			Foreign:  []dns.Type{"MX", "SRV", "CAA"},
			Calls:    func() int { return server.Calls("") },
			MostCalls: func(sizes []int) int { // 32,000 characters are those of about 100 names that are both removed and made
				return (len(sizes) + 99) / 100
			},
			MostListing: func(sets int) int { return sets/300 + 1 },
			Throttle:    failing(fakeserver.Throttling),
			Deny:        failing(fakeserver.AccessDenied),
			Break:       failing(fakeserver.Internal),
			Rejected: func() dns.Unit {
				put(t, dns.RecordSet{Name: "mailed.example.com.", Type: "MX", TTL: 60, Values: []string{"10 mail.example.com."}})
				return dns.Unit{Name: "mailed.example.com.", Changes: []dns.Change{{After: &dns.RecordSet{Name: "mailed.example.com.", Type: dns.CNAME, TTL: 60, Values: []string{"x.example."}}}}}
			},
			Atomic:      true,
			TTLCompared: true,
		}
	})
}
