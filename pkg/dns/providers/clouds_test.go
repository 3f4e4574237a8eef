package providers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	googleserver "github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	amazonserver "github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// cloud is a server that fails every so often, and its provider.
type cloud struct {
	provider dns.Provider
	zone     dns.Zone
	meddle   func(name string) // somebody else changes the addresses there
	dump     func() any
}

func TestAKeeperConvergesOnCloudsThatFail(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: waits some seconds for what failed to be tried again")
	}
	for name, start := range map[string]func(*testing.T) cloud{"google-clouddns": google, "aws-route53": amazon} {
		t.Run(name, func(t *testing.T) { converge(t, start(t)) })
	}
}

func converge(t *testing.T, c cloud) {
	t.Helper()
	before := c.dump()
	owner := dns.Owner{Federation: "fellowship", UID: "5f1c2a0e"}
	naming := dns.Naming{Federation: "fellowship", Suffix: "example.com."}
	k := keeper.New(keeper.Options{
		Provider: "cloud", ZoneName: "example.com.", Owner: owner, UnsourcedPercent: 5, Resync: time.Second,
		Open: func(context.Context) (dns.Provider, error) { return c.provider, nil },
	})
	members, services := dnstest.Fleet(10, 20)
	var wanted []dns.Wanted
	for _, s := range services {
		names, problems := dns.Desired(naming, s, members)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		wanted = append(wanted, names...)
		k.Want(s.ID(), names)
	}
	k.Known()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); k.Run(ctx) }()
	defer func() { cancel(); <-ended }()

	// The zone is right when a listing that succeeds leaves nothing to do.
	right := func() error {
		sets, err := c.provider.Records(t.Context(), c.zone, "example.com.")
		if err != nil {
			return err
		}
		if units, conflicts := dns.Plan(owner, wanted, dns.NewIndex(sets), dns.Scope{All: true}); len(units)+len(conflicts) > 0 {
			return fmt.Errorf("%d units are to be made, %d conflicts", len(units), len(conflicts))
		}
		return nil
	}
	eventually.Do(t, time.Minute, "the zone to be as Services want it", right)
	kept := c.dump()
	for i := range 20 {
		c.meddle(wanted[i*7].Name)
	}
	if cmp.Equal(kept, c.dump()) { // what is listed may have been put right by then
		t.Fatal("nothing was changed by others")
	}
	eventually.Do(t, time.Minute, "what others changed to be put right", right)
	cancel()
	<-ended
	eventually.Do(t, time.Minute, "the federation's records to go", func() error {
		_, err := keeper.Purge(t.Context(), c.provider, c.zone, owner)
		return err
	})
	if diff := cmp.Diff(before, c.dump()); diff != "" {
		t.Errorf("the zone when the federation has gone (-before +after):\n%s", diff)
	}
}

// faults choose one of some answers for every tenth call, and nil for others. It is always the same ones.
func faults[E any](answers ...*E) func(string) *E {
	chance := rand.New(rand.NewPCG(1, 2))
	return func(string) *E {
		if chance.IntN(10) > 0 {
			return nil
		}
		return answers[chance.IntN(len(answers))]
	}
}

func google(t *testing.T) cloud {
	t.Helper()
	server := googleserver.New()
	t.Cleanup(server.Close)
	zone := dns.Zone{ID: "example", Name: "example.com."}
	server.AddZone(googleserver.Zone{Name: zone.ID, DNSName: zone.Name})
	p, err := googleclouddns.New(t.Context(), googleclouddns.Options{CredentialsJSON: server.Credentials(googleserver.Project), Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	server.Fail(faults(googleserver.Unavailable, googleserver.RateLimited))
	return cloud{
		provider: p, zone: zone,
		meddle: func(name string) {
			server.Put(zone.ID, googleserver.RecordSet{Name: name, Type: "A", TTL: 60, Rrdatas: []string{"203.0.113.2", "203.0.113.1"}})
		},
		dump: func() any { return server.Records(zone.ID) },
	}
}

func amazon(t *testing.T) cloud {
	t.Helper()
	server := amazonserver.New()
	t.Cleanup(server.Close)
	zone := dns.Zone{ID: server.AddZone("example.com.", false), Name: "example.com."}
	p, err := route53.New(t.Context(), route53.Options{
		Endpoint: server.URL, Region: "eu-central-1", CallsPerSecond: 1000, AccessKeyID: amazonserver.AccessKeyID, SecretAccessKey: amazonserver.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Fail(faults(amazonserver.Internal, amazonserver.Throttling, amazonserver.PriorNotComplete))
	return cloud{
		provider: p, zone: zone,
		meddle: func(name string) {
			server.Put(zone.ID, amazonserver.RecordSet{Name: name, Type: "A", TTL: 60, Records: amazonserver.Values("203.0.113.2", "203.0.113.1")})
		},
		dump: func() any { return server.Records(zone.ID) },
	}
}
