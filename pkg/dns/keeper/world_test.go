package keeper_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

var (
	zone   = dns.Zone{ID: "z1", Name: "example.com."}
	naming = dns.Naming{Federation: "fellowship", Suffix: "example.com."}
	owner  = dns.Owner{Federation: "fellowship", UID: "5f1c2a0e"}
	fleet  = []dns.Member{
		{Name: "gondor", Region: "south", Zones: []string{"south-1", "south-2"}},
		{Name: "rohan", Region: "west", Zones: []string{"west-1"}},
	}
)

// world is a zone on a server in memory, and keepers of it, one after the other. Time is that of the test's bubble.
type world struct {
	t       *testing.T
	server  *inmemory.Server
	options keeper.Options
	keeper  *keeper.Keeper
	stop    func()

	mu   sync.Mutex
	told map[string]int
}

// inWorld runs a test in a bubble of its own, with a keeper that has started and knows that there is no Service.
func inWorld(t *testing.T, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		w.keeper.Known()
		w.settle()
		test(w)
		w.stop()
	})
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, server: inmemory.New(zone), told: map[string]int{}}
	w.options = keeper.Options{
		Provider: "inmemory", ZoneName: "example.com", Owner: owner, UnsourcedPercent: 5,
		Open: func(context.Context) (dns.Provider, error) { return w.server, nil },
		Changed: func(id string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told[id]++
		},
	}
	return w
}

// start makes a new keeper, which knows nothing of another's.
func (w *world) start() {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.keeper = keeper.New(w.options)
	var done sync.WaitGroup
	done.Go(func() { w.keeper.Run(ctx) })
	w.stop = func() {
		cancel()
		done.Wait()
	}
}

// restart ends the keeper, and has another know the same Services.
func (w *world) restart(services ...dns.Service) {
	w.stop()
	w.start()
	w.want(services...)
	w.keeper.Known()
}

// settle lets pass what a keeper needs for changes, but for no listing.
func (w *world) settle() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

func (w *world) want(services ...dns.Service) {
	for _, s := range services {
		w.keeper.Want(s.ID(), desired(s))
	}
}

func desired(s dns.Service) []dns.Wanted {
	wanted, _ := dns.Desired(naming, s, fleet)
	return wanted
}

var addresses = map[string]netip.Addr{"gondor": netip.MustParseAddr("192.0.2.6"), "rohan": netip.MustParseAddr("192.0.2.7")}

// service has an address in each of these members.
func service(name string, members ...string) dns.Service {
	s := dns.Service{Namespace: "default", Name: name, TTL: 60}
	for _, m := range members {
		s.Backends = append(s.Backends, dns.Backend{Member: m, Addresses: []netip.Addr{addresses[m]}})
	}
	return s
}

// has fails the test unless the zone has the names of these Services, with their marks, and these other record sets.
func (w *world) has(services []dns.Service, others ...dns.RecordSet) {
	w.t.Helper()
	want := inmemory.New(zone)
	for _, set := range others {
		want.Put(zone, set)
	}
	for _, s := range services {
		for _, name := range desired(s) {
			for _, set := range append(name.Sets, mark(name.Name, s)) {
				want.Put(zone, set)
			}
		}
	}
	if diff := cmp.Diff(want.Dump(zone), w.server.Dump(zone)); diff != "" {
		w.t.Fatalf("the zone (-want +got):\n%s", diff)
	}
}

func mark(name string, s dns.Service) dns.RecordSet {
	text := dns.Mark{Federation: owner.Federation, UID: owner.UID, Service: s.ID()}.Text()
	return dns.RecordSet{Name: dns.MarkName(name), Type: dns.TXT, TTL: 300, Values: []string{text}}
}

// times is how often a Service was told of.
func (w *world) times(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told[id]
}

// settled fails the test unless the Service is, without a conflict, and its status was told.
func (w *world) settled(s dns.Service) {
	w.t.Helper()
	if got := w.keeper.Service(s.ID()); !got.Settled || len(got.Conflicts) > 0 || len(got.Rejected) > 0 || got.Err != nil {
		w.t.Errorf("Service %s: %+v, want settled", s.ID(), got)
	}
}

func (w *world) reason(want keeper.Reason, message string) {
	w.t.Helper()
	if got := w.keeper.Status(); got.Reason != want || !strings.Contains(got.Message, message) {
		w.t.Errorf("Status = %s: %s, want %s with %q", got.Reason, got.Message, want, message)
	}
}

func global(s dns.Service) string { return naming.Name(s.Namespace, s.Name, dns.Place{}) }

func services(n int, members ...string) []dns.Service {
	all := make([]dns.Service, 0, n)
	for i := range n {
		all = append(all, service(fmt.Sprintf("web-%d", i), members...))
	}
	return all
}

// find is a record set in the zone.
func (w *world) find(name string, t dns.Type) (dns.RecordSet, bool) {
	return w.server.Find(zone, name, t)
}
