package route53_test

import (
	"net/http"
	"testing"
	"time"

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
	route53.PageWaits[0], route53.PageWaits[1] = time.Millisecond, time.Millisecond
	dnstest.RunCloud(t, func(t *testing.T, observe func(string, error)) dnstest.Cloud[fakeserver.Error] {
		t.Helper()
		server, provider, zone := started(t, func(o *route53.Options) { o.Observe = observe })
		return dnstest.Cloud[fakeserver.Error]{
			Server: server, Provider: provider, Zone: zone,
			Put: func(set dns.RecordSet) {
				server.Put(zone.ID, fakeserver.RecordSet{Name: set.Name, Type: string(set.Type), TTL: int64(set.TTL), Records: fakeserver.Values(set.Values...)})
			},
			Remove:    func(name string, t dns.Type) { server.Remove(zone.ID, name, string(t), "") },
			Sets:      func() int { return len(server.Records(zone.ID)) },
			Throttled: fakeserver.Throttling, Denied: fakeserver.AccessDenied, Broken: fakeserver.Internal,
			ListZones: "ListHostedZones", ListRecords: "ListResourceRecordSets",
			PageSize: 300, BatchSize: 1000,
			MostCalls: func(sizes []int) int { // 32,000 characters are those of about 100 names that are both removed and made
				return (len(sizes) + 99) / 100
			},
		}
	}, []dnstest.Answer[fakeserver.Error]{
		{Name: "rate limit", Is: fakeserver.Throttling, Want: dns.ErrThrottled, Says: "Rate exceeded"},
		{Name: "another change is being made", Is: fakeserver.PriorNotComplete, Want: dns.ErrThrottled, Says: "still processing a prior request"},
		{Name: "no permission", Is: fakeserver.AccessDenied, Want: dns.ErrDenied, Says: "is not authorized to perform this"},
		{Name: "passing failure", Is: fakeserver.Internal, Says: "encountered an internal error"},
		{Name: "a failure that is none of the API's", Is: &fakeserver.Error{Status: http.StatusBadGateway, Message: "Bad Gateway"}, Says: "Bad Gateway"},
	})
}
