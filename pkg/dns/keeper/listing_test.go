package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

// paged takes its time for listings: each name is read at another moment, as providers do that list in pages.
type paged struct {
	dns.Provider
	mu    sync.Mutex
	takes time.Duration
	fails error // after half of the time
}

func (p *paged) set(takes time.Duration, fails error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takes, p.fails = takes, fails
}

// Records reads half of the names, with their marks, at the start, and the other half at the end.
func (p *paged) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	p.mu.Lock()
	takes, fails := p.takes, p.fails
	p.mu.Unlock()
	var all []dns.RecordSet
	for half := range 2 {
		sets, err := p.Provider.Records(ctx, zone, under)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			if strings.Count(strings.TrimPrefix(set.Name, "_fedhelm."), ".")%2 == half {
				all = append(all, set)
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(takes / 2):
		}
		if fails != nil {
			return nil, fails
		}
	}
	return all, nil
}

// inPaged is inWorld with a provider that lists slowly from then on.
func inPaged(t *testing.T, takes time.Duration, test func(*world, *paged)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := &paged{Provider: w.server}
		w.options.Open = func(context.Context) (dns.Provider, error) { return p, nil }
		w.start()
		w.keeper.Known()
		w.settle()
		p.set(takes, nil)
		test(w, p)
		w.stop()
	})
}

// nextListing sleeps until a little after the next listing has begun.
func (w *world) nextListing() {
	time.Sleep(time.Until(w.keeper.Status().LastSync.Add(5*time.Minute + time.Second)))
	synctest.Wait()
}

func TestListingHoldsUpNoChange(t *testing.T) {
	inPaged(t, 40*time.Second, func(w *world, _ *paged) {
		t := w.t
		gone, web := service("gone", "gondor"), service("web", "gondor", "rohan")
		w.want(gone, web)
		w.settle()
		w.nextListing()
		synced := w.keeper.Status().LastSync

		web, fresh := service("web", "rohan"), service("fresh", "gondor")
		w.want(web, fresh)
		w.keeper.Want(gone.ID(), nil)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		w.has([]dns.Service{web, fresh})
		w.settled(web)
		if !w.keeper.Status().LastSync.Equal(synced) {
			t.Fatal("the zone is listed already, so that nothing could be held up")
		}

		changes := w.server.Calls(inmemory.CallChange)
		time.Sleep(time.Minute)
		if w.keeper.Status().LastSync.Equal(synced) {
			t.Error("the listing has not come to its end")
		}
		w.has([]dns.Service{web, fresh})
		if more := w.server.Calls(inmemory.CallChange) - changes; more != 0 {
			t.Errorf("%d calls for what an older listing said", more)
		}
	})
}

// A provider that throttles changes now and then is still listed: each failure ends a listing, and one has to come to its end.
func TestListingEndsWhileChangesAreThrottled(t *testing.T) {
	inPaged(t, 40*time.Second, func(w *world, _ *paged) {
		w.want(service("web", "gondor"))
		w.settle()
		synced, calls := w.keeper.Status().LastSync, 0
		w.server.Fail(inmemory.Faults{Call: func(call string) error {
			if call == inmemory.CallChange {
				if calls++; calls%2 == 0 {
					return &dns.Throttled{After: time.Second}
				}
			}
			return nil
		}})
		for i := range 60 { // somebody wants something all the time
			w.want(service(fmt.Sprintf("web%d", i%20), []string{"gondor", "rohan"}[i/20%2]))
			time.Sleep(1500 * time.Millisecond)
		}
		if now := w.keeper.Status().LastSync; !now.After(synced) {
			w.t.Errorf("the zone was not listed again for 90 seconds, last %s", now)
		}
	})
}

func TestListingRepairsWhatDidNotChangeMeanwhile(t *testing.T) {
	inPaged(t, 40*time.Second, func(w *world, _ *paged) {
		web, other := service("web", "gondor"), service("other", "gondor")
		w.want(web, other)
		w.settle()
		w.server.Remove(zone, global(other), dns.A)
		w.nextListing()
		web = service("web", "rohan")
		w.want(web)
		time.Sleep(45 * time.Second)
		w.has([]dns.Service{web, other})
	})
}

func TestStaleUnitHoldsUpNoOther(t *testing.T) {
	inPaged(t, 40*time.Second, func(w *world, _ *paged) {
		web, other := service("web", "gondor"), service("other", "gondor")
		w.want(web)
		w.settle()
		w.server.Put(zone, dns.RecordSet{Name: global(web), Type: dns.A, TTL: 60, Values: []string{"203.0.113.66"}})
		web = service("web", "rohan")
		w.want(web)
		w.settle()
		w.want(other)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		w.settled(other)
		time.Sleep(45 * time.Second)
		w.has([]dns.Service{web, other})
	})
}

func TestListingThatFailsKeepsWhatIsKnown(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		after time.Duration // the failure, all is to wait for
	}{
		{name: "it does not answer", err: context.DeadlineExceeded},
		{name: "it has an error of its own", err: errors.New("internal error")},
		{name: "it wants less", err: &dns.Throttled{After: 10 * time.Second, Err: errors.New("slow down")}, after: 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inPaged(t, 0, func(w *world, p *paged) {
				web := service("web", "gondor")
				w.want(web)
				w.settle()
				p.set(20*time.Second, tt.err)
				w.nextListing()
				time.Sleep(10 * time.Second)
				if got := w.keeper.Status(); got.Message != tt.err.Error() {
					t.Errorf("Status = %s: %s, want the listing's error", got.Reason, got.Message)
				}
				lists := w.server.Calls(inmemory.CallRecords)
				web = service("web", "rohan")
				w.want(web)
				time.Sleep(tt.after + 100*time.Millisecond)
				synctest.Wait()
				w.has([]dns.Service{web})
				if more := w.server.Calls(inmemory.CallRecords) - lists; more > 2 {
					t.Errorf("the zone is listed %d times for one change", more)
				}
				p.set(0, nil)
				time.Sleep(2 * time.Minute)
				w.has([]dns.Service{web})
				w.reason(keeper.Synced, "")
			})
		})
	}
}

func TestFirstListingIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		web := service("web", "gondor")
		p := &paged{Provider: w.server, takes: 40 * time.Second}
		w.options.Open = func(context.Context) (dns.Provider, error) { return p, nil }
		w.start()
		w.want(web)
		time.Sleep(39 * time.Second)
		w.has(nil)
		time.Sleep(3 * time.Second)
		w.has([]dns.Service{web})
		w.stop()
	})
}

// A provider that asks to be left alone is not listed either.
func TestThrottledChangeEndsTheListing(t *testing.T) {
	inPaged(t, 40*time.Second, func(w *world, _ *paged) {
		t := w.t
		w.nextListing()
		w.server.Fail(inmemory.Faults{Call: func(call string) error {
			if call == inmemory.CallChange {
				return &dns.Throttled{After: 90 * time.Second, Err: errors.New("slow down")}
			}
			return nil
		}})
		web := service("web", "gondor")
		w.want(web)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		w.server.Fail(inmemory.Faults{})
		before := w.server.Calls("")
		time.Sleep(80 * time.Second)
		synctest.Wait()
		if calls := w.server.Calls("") - before; calls != 0 {
			t.Errorf("%d calls, though the provider asked for 90 s", calls)
		}
		time.Sleep(time.Minute)
		w.has([]dns.Service{web})
	})
}

// After a call that leaves open what it did, Services that it was to change wait for a listing; others do not.
func TestCallThatLeavesOpenWhatItDidHoldsUpNoOther(t *testing.T) {
	inPaged(t, 40*time.Second, func(w *world, _ *paged) {
		t := w.t
		changes := 0
		w.server.Fail(inmemory.Faults{Change: func(dns.Change) error {
			if changes++; changes == 3 {
				return errors.New("connection reset")
			}
			return nil
		}})
		web, other := service("web", "gondor"), service("other", "gondor")
		w.want(web)
		w.settle()
		w.want(other)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		w.settled(other)
		if w.keeper.Service(web.ID()).Settled {
			t.Error("what failed is said to be there")
		}
		time.Sleep(45 * time.Second)
		w.has([]dns.Service{web, other})
		w.settled(web)
	})
}

// As TestWhateverHappens, with listings that nearly always go on while something happens, and read names at different moments.
func TestWhateverHappensWhileListing(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			p := &paged{Provider: w.server}
			w.options.Open = func(context.Context) (dns.Provider, error) { return p, nil }
			w.options.Resync = time.Second
			w.start()
			w.keeper.Known()
			c := chaos{Rand: rand.New(rand.NewPCG(seed, 11)), world: w, wanted: map[string]dns.Service{}, foreign: map[string]dns.RecordSet{}}
			for range 60 {
				var err error
				if c.IntN(8) == 0 {
					err = fmt.Errorf("page: %w", context.DeadlineExceeded)
				}
				p.set(time.Duration(c.IntN(4000))*time.Millisecond, err)
				c.step()
				time.Sleep(time.Duration(c.IntN(1500)) * time.Millisecond)
			}
			w.server.Fail(inmemory.Faults{})
			p.set(time.Second, nil)
			time.Sleep(4 * time.Minute)
			synctest.Wait()
			w.has(c.services(), c.others()...)
			for _, s := range c.services() {
				w.settled(s)
			}
			w.stop()
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}
