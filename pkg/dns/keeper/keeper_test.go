package keeper_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

func TestServiceComesChangesAndGoes(t *testing.T) {
	inWorld(t, func(w *world) {
		web := service("web", "gondor", "rohan")
		w.want(web)
		w.settle()
		w.has([]dns.Service{web})
		w.settled(web)

		web = service("web", "rohan")
		w.want(web)
		w.settle()
		w.has([]dns.Service{web})

		w.keeper.Want(web.ID(), nil)
		w.settle()
		w.has(nil)
		w.settled(web)
	})
}

func TestChangeIsInTheZoneSoon(t *testing.T) {
	inWorld(t, func(w *world) {
		web := service("web", "gondor")
		w.want(web)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		w.has([]dns.Service{web})
	})
}

func TestChangesAreGathered(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		before := w.server.Calls(inmemory.CallChange)
		all := services(40, "gondor", "rohan")
		for _, s := range all {
			w.want(s)
			time.Sleep(10 * time.Millisecond)
		}
		w.settle()
		w.has(all)
		if calls := w.server.Calls(inmemory.CallChange) - before; calls != 1 {
			t.Errorf("%d calls for changes within less than a second, want 1", calls)
		}
	})
}

func TestChangesThatNeverPauseAreNotPutOffForEver(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		first := service("first", "gondor")
		w.want(first)
		for i := range 110 {
			w.want(services(i+1, "rohan")[i])
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if _, ok := w.find(global(first), dns.A); !ok {
			t.Error("what was wanted first is not there after 1.1 s of further changes")
		}
	})
}

func TestWhatIsThereCostsNoCall(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		all := services(20, "gondor")
		w.want(all...)
		w.settle()
		changes := w.server.Calls(inmemory.CallChange)
		w.want(all...)
		w.settled(all[0]) // at once: nothing has changed
		time.Sleep(20 * time.Minute)
		w.restart(all...)
		w.settle()
		w.has(all)
		if got := w.server.Calls(inmemory.CallChange); got != changes {
			t.Errorf("%d calls that change something although nothing was to be changed", got-changes)
		}
	})
}

// slow takes a while for each change.
type slow struct {
	dns.Provider
	takes time.Duration
}

func (s slow) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	time.Sleep(s.takes)
	return s.Provider.Apply(ctx, zone, units)
}

func TestChangeIsMadeBeforeAllOthersAreLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.options.Open = func(context.Context) (dns.Provider, error) { return slow{w.server, 2 * time.Second}, nil }
		w.start()
		all, urgent := services(1200, "gondor", "rohan"), service("urgent", "gondor")
		w.want(all...)
		time.Sleep(time.Second)
		w.want(urgent)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if _, ok := w.find(global(urgent), dns.A); !ok {
			t.Error("a change waits for more than the call that is being made, and its own")
		}
		if status := w.keeper.Status(); status.Pending == 0 {
			t.Error("all is made already, so that there was nothing to be waited for")
		}
		time.Sleep(time.Minute)
		w.has(append(all, urgent))
		w.stop()
	})
}

func TestNamesOfOtherKeepersAreNotLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.options.Except = []string{"west.example.com."}
		w.start()
		theirs := dns.RecordSet{Name: "web.default.fellowship.svc.west.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
		theirMark := mark(theirs.Name, service("web"))
		w.server.Put(zone, theirs)
		w.server.Put(zone, theirMark)
		w.keeper.Known()
		w.settle()
		w.has(nil, theirs, theirMark)
		w.stop()
	})
}

// A zone in the zone may be called like a region: then two keepers want the same name, of which one alone is found.
func TestNamesInZonesOfOtherKeepersAreConflicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.options.Except = []string{"west.example.com."}
		w.start()
		web := service("web", "gondor", "rohan")
		theirs := dns.RecordSet{Name: "web.default.fellowship.svc.west.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
		theirMark := mark(theirs.Name, web)
		w.server.Put(zone, theirs)
		w.server.Put(zone, theirMark)
		w.want(web)
		w.keeper.Known()
		w.settle()
		got := w.keeper.Service(web.ID())
		if !got.Settled || len(got.Conflicts) != 2 || !strings.Contains(got.Conflicts[0].Message, "another DNS zone") {
			t.Errorf("Service = %+v, want settled but for the names of west and west-1", got)
		}
		if _, made := w.find(global(web), dns.A); !made {
			t.Error("the global name is missing")
		}
		if found, _ := w.find(theirs.Name, dns.A); found.Values[0] != "192.0.2.1" {
			t.Errorf("the other zone's record became %v", found)
		}
		before := w.server.Calls("")
		time.Sleep(time.Hour)
		if calls := w.server.Calls("") - before; calls > 15 {
			t.Errorf("%d calls in an hour in which nothing is to be done", calls)
		}
		w.stop()
	})
}

func TestStatusCounts(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		web := service("web", "gondor", "rohan") // both zones of gondor, its region, rohan's two, and two addresses for all
		w.want(web)
		w.settle()
		made := w.keeper.Status()
		if made.Names != 6 || made.Records != 7 || made.Pending != 0 || made.Zone != zone || made.Reason != keeper.Synced {
			t.Errorf("Status = %+v, want 6 names with 7 records of zone %v, synced", made, zone)
		}
		w.restart(web)
		w.settle()
		if listed := w.keeper.Status(); listed.Names != made.Names || listed.Records != made.Records {
			t.Errorf("a listing counts %d names with %d records, changes counted %d with %d", listed.Names, listed.Records, made.Names, made.Records)
		}
		w.keeper.Want(web.ID(), nil)
		w.settle()
		if gone := w.keeper.Status(); gone.Names != 0 || gone.Records != 0 {
			t.Errorf("%d names with %d records are counted when there are none", gone.Names, gone.Records)
		}
	})
}

func TestChangesOfStatusAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		web := service("web", "gondor")
		w.want(web)
		w.settle()
		if w.times(web.ID()) == 0 || w.times("") == 0 {
			t.Errorf("told %d times of the Service, %d of the zone", w.times(web.ID()), w.times(""))
		}
	})
}
