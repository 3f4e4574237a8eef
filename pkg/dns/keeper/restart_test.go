package keeper_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
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
