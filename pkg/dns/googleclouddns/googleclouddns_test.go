package googleclouddns_test

import (
	"net/http"
	"testing"
	"time"

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
	googleclouddns.PageWaits[0], googleclouddns.PageWaits[1] = time.Millisecond, time.Millisecond
	dnstest.RunCloud(t, func(t *testing.T, observe func(string, error)) dnstest.Cloud[fakeserver.Error] {
		t.Helper()
		server, provider := started(t, func(_ *fakeserver.Server, o *googleclouddns.Options) { o.Observe = observe })
		return dnstest.Cloud[fakeserver.Error]{
			Server: server, Provider: provider, Zone: example,
			Put: func(set dns.RecordSet) {
				server.Put(example.ID, fakeserver.RecordSet{Name: set.Name, Type: string(set.Type), TTL: int64(set.TTL), Rrdatas: set.Values})
			},
			Remove:    func(name string, t dns.Type) { server.Remove(example.ID, name, string(t)) },
			Sets:      func() int { return len(server.Records(example.ID)) },
			Throttled: fakeserver.RateLimited, Denied: fakeserver.Forbidden, Broken: fakeserver.Unavailable,
			ListZones: "managedZones.list", ListRecords: "resourceRecordSets.list",
			PageSize: 100, BatchSize: 1000,
			MostCalls: func(sizes []int) int { // 100,000 bytes are those of more than 300 names that are both removed and made
				return len(sizes)/300 + 1
			},
		}
	}, []dnstest.Answer[fakeserver.Error]{
		{Name: "rate limit", Is: fakeserver.RateLimited, Want: dns.ErrThrottled, Says: "Rate Limit Exceeded"},
		{Name: "too many requests, with a time", Is: fakeserver.TooManyRequests, Want: dns.ErrThrottled, Says: "Quota exceeded for quota metric", After: 7 * time.Second},
		{Name: "no permission", Is: fakeserver.Forbidden, Want: dns.ErrDenied, Says: "does not have permission"},
		{Name: "no valid token", Is: fakeserver.Unauthorized, Want: dns.ErrDenied, Says: "invalid authentication credentials"},
		{Name: "passing failure", Is: fakeserver.Unavailable, Says: "Backend Error"},
		{
			Name: "a full project is neither", Says: "resource record sets per zone",
			Is: &fakeserver.Error{Status: http.StatusForbidden, Reason: "quotaExceeded", Message: "Quota exceeded: resource record sets per zone"},
		},
	})
}
