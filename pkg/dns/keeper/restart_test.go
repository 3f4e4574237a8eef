package keeper_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

// The process is killed before each change of a record set in turn, on a server that makes none atomically. The next process knows what is wanted
// now, and has not seen what was.
func TestKilledAtAnyChange(t *testing.T) {
	both, one, kept := service("web", "gondor", "rohan"), service("web", "rohan"), service("kept", "gondor")
	for _, tt := range []struct {
		name   string
		before []dns.Service
		after  []dns.Service
	}{
		{name: "a Service comes", before: []dns.Service{kept}, after: []dns.Service{kept, both}},
		{name: "a member's addresses go", before: []dns.Service{kept, both}, after: []dns.Service{kept, one}},
		{name: "a member's addresses come", before: []dns.Service{kept, one}, after: []dns.Service{kept, both}},
		{name: "a Service goes", before: []dns.Service{kept, both}, after: []dns.Service{kept}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for killAt, killed := 1, true; killed; killAt++ {
				inWorld(t, func(w *world) {
					foreign := dns.RecordSet{Name: "www.example.com.", Type: dns.A, TTL: 5, Values: []string{"203.0.113.1"}}
					w.server.Put(zone, foreign)
					w.want(tt.before...)
					w.settle()

					changes := 0
					w.server.Fail(inmemory.Faults{Change: func(dns.Change) error {
						if changes++; changes >= killAt {
							return errors.New("killed")
						}
						return nil
					}})
					for _, s := range tt.before {
						w.keeper.Want(s.ID(), nil)
					}
					w.want(tt.after...)
					w.settle()
					killed = changes >= killAt
					w.stop()
					w.server.Fail(inmemory.Faults{})

					w.start()
					w.want(tt.after...)
					w.keeper.Known()
					w.settle()
					w.has(tt.after, foreign)
					for _, s := range tt.after {
						w.settled(s)
					}
				})
				if t.Failed() {
					t.Fatalf("killed at change %d", killAt)
				}
			}
		})
	}
}

func TestNothingGoesBeforeAllServicesAreKnown(t *testing.T) {
	inWorld(t, func(w *world) {
		web, other := service("web", "gondor"), service("other", "gondor")
		w.want(web, other)
		w.settle()
		w.stop()
		w.start()
		w.want(web)
		w.settle()
		w.has([]dns.Service{web, other})
		w.keeper.Known()
		w.settle()
		w.has([]dns.Service{web})
	})
}

func TestBrake(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		all := services(300, "gondor") // 5 % are 15
		w.want(all...)
		w.settle()

		w.restart(all[15:]...)
		w.settle()
		w.has(all[15:])

		all = all[15:]
		w.restart(all[30:]...)
		w.settle()
		w.has(all)
		if held := w.keeper.Status().Held; len(held) != 30 {
			t.Errorf("%d Services are held (%v), want 30", len(held), held)
		}

		w.want(all[:5]...)
		w.settle()
		if held := w.keeper.Status().Held; len(held) != 25 {
			t.Errorf("%d Services are held, want 25 after 5 are wanted again", len(held))
		}
		w.keeper.DeleteUnsourced()
		w.settle()
		w.has(append(all[:5:5], all[30:]...))
		if held := w.keeper.Status().Held; len(held) != 0 {
			t.Errorf("%v are still held", held)
		}
	})
}

func TestDeletionThatWasSeenHasNoBrake(t *testing.T) {
	inWorld(t, func(w *world) {
		all := services(100, "gondor")
		w.want(all...)
		w.settle()
		for _, s := range all {
			w.keeper.Want(s.ID(), nil)
		}
		w.settle()
		w.has(nil)
	})
}

// A federation API that was restored from a back-up may lack everything from one moment to the next.
func TestServicesThatAreLostOneByOneAreCountedTogether(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		all := services(100, "gondor")
		w.want(all...)
		w.settle()
		for _, s := range all {
			w.keeper.Lose(s.ID())
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		w.has(all)
		if status := w.keeper.Status(); len(status.Held) != 100 || status.Pending != 0 {
			t.Errorf("%d Services are held, %d names pending, want 100 and none", len(status.Held), status.Pending)
		}
		w.want(all[:50]...)
		w.settle()
		w.keeper.DeleteUnsourced()
		w.settle()
		w.has(all[:50])
	})
}

func TestFewServicesThatAreLostGo(t *testing.T) {
	inWorld(t, func(w *world) {
		all := services(12, "gondor")
		w.want(all...)
		w.settle()
		w.keeper.Lose(all[0].ID())
		w.keeper.Lose(all[1].ID())
		w.settle()
		w.has(all)
		w.want(all[0]) // it was but away
		time.Sleep(11 * time.Second)
		w.settle()
		w.has(append(all[:1:1], all[2:]...))
	})
}

func TestServiceThatIsLostWithinAChange(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		web := service("web", "gondor")
		w.server.Fail(inmemory.Faults{Change: func(dns.Change) error { return errors.New("internal error") }})
		w.want(web)
		w.settle()
		w.keeper.Lose(web.ID())
		w.server.Fail(inmemory.Faults{})
		time.Sleep(10 * time.Minute)
		w.has(nil)
		if status := w.keeper.Status(); status.Pending != 0 || status.Reason != keeper.Synced {
			t.Errorf("Status = %+v, want synced with nothing pending", status)
		}
	})
}

func TestZoneThatWasEmptiedIsFilledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		all := services(50, "gondor", "rohan")
		w.want(all...)
		w.settle()
		w.server = inmemory.New(zone)
		w.restart(all...)
		w.settle()
		w.has(all)
		w.stop()
	})
}
