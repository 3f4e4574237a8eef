package keeper_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

// BenchmarkOneChange is of one Service of many: what it costs to work out and make must not grow with the zone. What is waited for, to gather
// further changes, is not counted.
func BenchmarkOneChange(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("services=%d", n), func(b *testing.B) {
			server := inmemory.New(zone)
			members, services := dnstest.Fleet(10, n)
			wanted := func(s dns.Service) []dns.Wanted {
				names, _ := dns.Desired(naming, s, members)
				return names
			}
			k := keeper.New(keeper.Options{ZoneName: zone.Name, Owner: owner, Open: func(context.Context) (dns.Provider, error) { return server, nil }})
			for _, s := range services {
				k.Want(s.ID(), wanted(s))
			}
			time.Sleep(100 * time.Millisecond)
			for keeper.Turn(b.Context(), k) == 0 {
				continue // there is more to do
			}
			if k.Status().Pending != 0 {
				b.Fatal("not all is made")
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				services[0].TTL++
				k.Want(services[0].ID(), wanted(services[0]))
				time.Sleep(60 * time.Millisecond)
				b.StartTimer()
				keeper.Turn(b.Context(), k)
			}
		})
	}
}
