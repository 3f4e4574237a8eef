package keeper_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

// moving is a provider whose configuration names another server later.
type moving struct {
	dns.Provider
	form int
}

// swapped gives the form that is current to every call.
type swapped struct{ is atomic.Pointer[moving] }

func (s *swapped) Form(context.Context) int { return s.is.Load().form }

func (s *swapped) Zones(ctx context.Context) ([]dns.Zone, error) { return s.is.Load().Zones(ctx) }

func (s *swapped) CreateZone(ctx context.Context, name string) (dns.Zone, error) {
	return s.is.Load().CreateZone(ctx, name)
}

func (s *swapped) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	return s.is.Load().Records(ctx, zone, under)
}

func (s *swapped) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	return s.is.Load().Apply(ctx, zone, units)
}

func TestProviderThatBecomesAnotherIsFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var s swapped
		s.is.Store(&moving{w.server, 1})
		w.options.Open = func(context.Context) (dns.Provider, error) { return &s, nil }
		web := service("web", "gondor", "rohan")
		w.start()
		w.want(web)
		w.settle()
		w.has([]dns.Service{web})
		if lists := w.server.Calls(inmemory.CallRecords); lists != 1 {
			t.Errorf("the first server is listed %d times, want once", lists)
		}

		other := dns.Zone{ID: "z7", Name: zone.Name}
		server := inmemory.New(other)
		foreign := dns.RecordSet{Name: "www.example.com.", Type: dns.A, TTL: 5, Values: []string{"203.0.113.1"}}
		server.Put(other, foreign)
		s.is.Store(&moving{server, 2})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if _, made := server.Find(other, global(web), dns.A); !made {
			t.Errorf("the other server has %q", server.Dump(other))
		}
		if _, left := server.Find(other, foreign.Name, dns.A); !left {
			t.Error("what was there is gone")
		}
		w.reason(keeper.Synced, "")
		w.stop()
	})
}

func TestZoneIDThatComesLaterIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		twin := dns.Zone{ID: "z2", Name: zone.Name}
		w.server = inmemory.New(zone, twin)
		var id atomic.Value
		id.Store("")
		w.options.AskZoneID = func() string { return id.Load().(string) }
		w.start()
		w.settle()
		w.reason(keeper.ZoneAmbiguous, "")
		id.Store("z2")
		time.Sleep(time.Minute)
		w.reason(keeper.Synced, "")
		if got := w.keeper.Status().Zone; got != twin {
			t.Errorf("zone = %v, want %v", got, twin)
		}
		w.stop()
	})
}
