package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

func TestProviderThatFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want keeper.Reason
	}{
		{name: "credentials are denied", err: fmt.Errorf("call: %w", dns.ErrDenied), want: keeper.Denied},
		{name: "it wants less", err: &dns.Throttled{Err: errors.New("quota exceeded")}, want: keeper.Throttled},
		{name: "it does not answer", err: context.DeadlineExceeded, want: keeper.Unreachable},
		{name: "it has an error of its own", err: errors.New("internal error"), want: keeper.Failing},
		{name: "the zone is gone", err: fmt.Errorf("zone: %w", dns.ErrNoZone), want: keeper.ZoneNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				t := w.t
				web := service("web", "gondor")
				w.server.Fail(inmemory.Faults{Call: func(string) error { return tt.err }})
				before := w.server.Calls("")
				w.want(web)
				time.Sleep(10 * time.Minute)
				w.reason(tt.want, tt.err.Error())
				if calls := w.server.Calls("") - before; calls < 10 || calls > 20 {
					t.Errorf("%d calls in 10 minutes, want pauses that grow to a minute", calls)
				}
				if got := w.keeper.Service(web.ID()); got.Settled || got.Err == nil || w.times(web.ID()) == 0 {
					t.Errorf("Service = %+v, told %d times, want it not settled, with the error, and told", got, w.times(web.ID()))
				}
				w.server.Fail(inmemory.Faults{})
				time.Sleep(61 * time.Second)
				w.settle()
				w.has([]dns.Service{web})
				w.settled(web)
				w.reason(keeper.Synced, "")
			})
		})
	}
}

func TestThrottlingIsRespected(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		var at []time.Time
		w.server.Fail(inmemory.Faults{Call: func(string) error {
			at = append(at, time.Now())
			return &dns.Throttled{After: 90 * time.Second, Err: errors.New("slow down")}
		}})
		w.want(service("web", "gondor"))
		for range 400 { // more to do does not make it hurry
			time.Sleep(time.Second)
			w.want(service("web", "gondor", "rohan"), service("other", "gondor"))
		}
		synctest.Wait()
		if len(at) < 4 {
			t.Fatalf("%d calls in 400 s", len(at))
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 90*time.Second {
				t.Errorf("a call %s after the provider asked for 90 s", gap)
			}
		}
	})
}

// Whoever is between here and the provider may ask for a day.
func TestProviderIsAskedAgainWhateverItAsksFor(t *testing.T) {
	inWorld(t, func(w *world) {
		web := service("web", "gondor")
		w.server.Fail(inmemory.Faults{Call: func(string) error { return &dns.Throttled{After: 24 * time.Hour, Err: errors.New("slow down")} }})
		w.want(web)
		w.settle()
		w.server.Fail(inmemory.Faults{})
		time.Sleep(11 * time.Minute)
		w.settle()
		w.has([]dns.Service{web})
	})
}

func TestUnitThatFailsDoesNotHoldUpOthers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		want   keeper.Reason
		within time.Duration // it is made when it can be
	}{
		{name: "rejected", err: fmt.Errorf("%w: label too odd", dns.ErrRejected), want: keeper.Synced, within: 6 * time.Minute},
		{name: "failing", err: errors.New("try later"), want: keeper.Failing, within: time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				t := w.t
				bad, good := service("bad", "gondor"), service("good", "gondor")
				tries := 0
				w.server.Fail(inmemory.Faults{Reject: func(u dns.Unit) error {
					if strings.HasPrefix(u.Name, "bad.default.fellowship.svc.example.com") {
						tries++
						return tt.err
					}
					return nil
				}})
				w.want(bad, good)
				w.settle()
				w.settled(good)
				w.reason(tt.want, "")
				if _, ok := w.find(naming.Name("default", "bad", dns.Place{Region: "south"}), dns.A); !ok {
					t.Error("the other names of the Service are not there")
				}
				status := w.keeper.Service(bad.ID())
				if rejected := errors.Is(tt.err, dns.ErrRejected); rejected != (len(status.Rejected) == 1) || rejected != (status.Err == nil) {
					t.Errorf("Service = %+v", status)
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if tries < 2 || tries > 20 {
					t.Errorf("%d tries in 10 minutes", tries)
				}
				w.server.Fail(inmemory.Faults{})
				time.Sleep(tt.within)
				synctest.Wait()
				w.has([]dns.Service{bad, good})
				w.settled(bad)
			})
		})
	}
}

func TestZoneIsFoundOrMade(t *testing.T) {
	twin := dns.Zone{ID: "z2", Name: "example.com."}
	for _, tt := range []struct {
		name   string
		zones  []dns.Zone
		id     string
		create bool
		cannot bool // the provider makes no zones
		want   keeper.Reason
		zone   dns.Zone
	}{
		{name: "one of that name", zones: []dns.Zone{zone}, want: keeper.Synced, zone: zone},
		{name: "none", want: keeper.ZoneNotFound},
		{name: "none, and it may be made", create: true, want: keeper.Synced, zone: dns.Zone{ID: "zone-1", Name: "example.com."}},
		{name: "none, and the provider cannot make it", create: true, cannot: true, want: keeper.ZoneNotFound},
		{name: "two", zones: []dns.Zone{zone, twin}, want: keeper.ZoneAmbiguous},
		{name: "two are not made three", zones: []dns.Zone{zone, twin}, create: true, want: keeper.ZoneAmbiguous},
		{name: "two, and the id says which", zones: []dns.Zone{zone, twin}, id: "z2", want: keeper.Synced, zone: twin},
		{name: "an id that there is not", zones: []dns.Zone{zone}, id: "z9", create: true, want: keeper.ZoneNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.server = inmemory.New(tt.zones...)
				if tt.cannot {
					w.server.Fail(inmemory.Faults{Call: func(call string) error {
						if call == inmemory.CallCreate {
							return errors.ErrUnsupported
						}
						return nil
					}})
				}
				w.options.ZoneID, w.options.CreateZone = tt.id, tt.create
				w.start()
				w.settle()
				w.reason(tt.want, "")
				if got := w.keeper.Status().Zone; got != tt.zone {
					t.Errorf("zone = %v, want %v", got, tt.zone)
				}
				w.stop()
			})
		})
	}
}

func TestProviderIsOpenedUntilItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var valid atomic.Bool
		var opened atomic.Int32
		w.options.Open = func(context.Context) (dns.Provider, error) {
			if !valid.Load() {
				return nil, errors.New("key etcd-endpoints is missing")
			}
			opened.Add(1)
			return w.server, nil
		}
		web := service("web", "gondor")
		w.start()
		w.want(web)
		w.settle()
		w.reason(keeper.ConfigInvalid, "etcd-endpoints")

		valid.Store(true)
		time.Sleep(time.Minute)
		w.has([]dns.Service{web})

		w.server.Fail(inmemory.Faults{Call: func(string) error { return dns.ErrDenied }})
		time.Sleep(10 * time.Minute)
		if w.server.Fail(inmemory.Faults{}); opened.Load() < 2 {
			t.Error("it is not opened again after it denied, though the credentials may be new")
		}
		time.Sleep(time.Minute)
		w.reason(keeper.Synced, "")
		w.stop()
	})
}

func TestUnitThatIsThrottledHasAllWait(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		web := service("web", "gondor")
		w.server.Fail(inmemory.Faults{Reject: func(dns.Unit) error { return &dns.Throttled{After: 20 * time.Second, Err: errors.New("slow down")} }})
		w.want(web)
		w.settle()
		before := w.server.Calls("")
		w.server.Fail(inmemory.Faults{})
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if calls := w.server.Calls("") - before; calls != 0 {
			t.Errorf("%d calls, though the provider asked for 20 s", calls)
		}
		w.reason(keeper.Throttled, "slow down")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		w.has([]dns.Service{web})
		w.reason(keeper.Synced, "")
	})
}

func TestPausesBeginAnewAfterQuiet(t *testing.T) {
	inWorld(t, func(w *world) {
		for n := range 10 {
			failed := false
			w.server.Fail(inmemory.Faults{Call: func(call string) error {
				if call != inmemory.CallChange || failed {
					return nil
				}
				failed = true
				return errors.New("connection reset")
			}})
			web := service("web", fleet[n%2].Name)
			w.want(web)
			w.settle()
			w.has([]dns.Service{web})
		}
	})
}

func TestPausesBeginAnewAfterAListing(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		for range 10 {
			failed := false
			w.server.Fail(inmemory.Faults{Call: func(string) error {
				if failed {
					return nil
				}
				failed = true
				return errors.New("connection reset")
			}})
			due := w.keeper.Status().LastSync.Add(5 * time.Minute)
			time.Sleep(5*time.Minute + 10*time.Second)
			synctest.Wait()
			if late := w.keeper.Status().LastSync.Sub(due); late > 2*time.Second {
				t.Fatalf("after one failure, the zone is listed %s late", late)
			}
		}
	})
}

func TestZoneThatIsMadeAnewIsFoundAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		web := service("web", "gondor")
		w.want(web)
		w.settle()
		w.server.DropZone(zone)
		anew, err := w.server.CreateZone(w.t.Context(), zone.Name)
		if err != nil {
			w.t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		if got := w.keeper.Status().Zone; got != anew || len(w.server.Dump(anew)) == 0 {
			w.t.Errorf("zone %v with %d record sets, want %v with those of the Service", got, len(w.server.Dump(anew)), anew)
		}
	})
}
