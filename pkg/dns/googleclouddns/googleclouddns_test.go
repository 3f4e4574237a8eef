package googleclouddns_test

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
)

var example = dns.Zone{ID: "example-zone", Name: "example.com."}

// started is a server with a zone, and a provider for it.
func started(t *testing.T, change ...func(*fakeserver.Server, *googleclouddns.Options)) (*fakeserver.Server, *googleclouddns.Provider) {
	t.Helper()
	server := fakeserver.New()
	t.Cleanup(server.Close)
	server.AddZone(fakeserver.Zone{Name: example.ID, DNSName: example.Name, Visibility: "public"})
	o := googleclouddns.Options{CredentialsJSON: server.Credentials(fakeserver.Project), Endpoint: server.URL}
	for _, c := range change {
		c(server, &o)
	}
	p, err := googleclouddns.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return server, p
}

func TestContract(t *testing.T) {
	dnstest.Run(t, func(t *testing.T) dnstest.Harness {
		t.Helper()
		server, provider := started(t)
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
			server.Put(example.ID, fakeserver.RecordSet{Name: set.Name, Type: string(set.Type), TTL: int64(set.TTL), Rrdatas: values})
		}
		return dnstest.Harness{
			Provider: provider,
			Zone:     example,
			Put:      put,
			Remove:   func(_ testing.TB, name string, t dns.Type) { server.Remove(example.ID, name, string(t)) },
			Foreign:  []dns.Type{"MX", "SRV", "CAA"},
			Calls:    func() int { return server.Calls("") },
			MostCalls: func(sizes []int) int { // 100,000 bytes are those of more than 300 names that are both removed and made
				return len(sizes)/300 + 1
			},
			MostListing: func(sets int) int { return sets/100 + 1 },
			Throttle:    failing(fakeserver.RateLimited),
			Deny:        failing(fakeserver.Forbidden),
			Break:       failing(fakeserver.Unavailable),
			Rejected: func() dns.Unit {
				put(t, dns.RecordSet{Name: "mailed.example.com.", Type: "MX", TTL: 60, Values: []string{"10 mail.example.com."}})
				return dns.Unit{Name: "mailed.example.com.", Changes: []dns.Change{{After: &dns.RecordSet{Name: "mailed.example.com.", Type: dns.CNAME, TTL: 60, Values: []string{"x.example."}}}}}
			},
			Atomic:      true,
			TTLCompared: true,
		}
	})
}
