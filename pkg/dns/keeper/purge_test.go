package keeper_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

func TestPurge(t *testing.T) {
	foreign := dns.RecordSet{Name: "www.example.com.", Type: dns.A, TTL: 5, Values: []string{"203.0.113.1"}}
	other := dns.Owner{Federation: "mordor", UID: "666"}
	for _, tt := range []struct {
		name    string
		fail    func(*world) inmemory.Faults // that pass after a minute
		denied  bool
		removed int
	}{
		{name: "all names go, and no others", removed: 18},
		{name: "a call that fails is tried again", removed: 18, fail: func(*world) inmemory.Faults {
			calls := 0
			return inmemory.Faults{Call: func(string) error {
				if calls++; calls <= 3 {
					return errors.New("internal error")
				}
				return nil
			}}
		}},
		{name: "throttling is waited for", removed: 18, fail: func(*world) inmemory.Faults {
			return inmemory.Faults{Call: func(string) error { return &dns.Throttled{After: 10 * time.Minute, Err: errors.New("slow down")} }}
		}},
		{name: "what is denied is not tried again", denied: true, fail: func(*world) inmemory.Faults {
			return inmemory.Faults{Call: func(string) error { return dns.ErrDenied }}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				t := w.t
				w.server.Put(zone, foreign)
				w.server.Put(zone, dns.RecordSet{Name: dns.MarkName(foreign.Name), Type: dns.TXT, TTL: 5, Values: []string{dns.Mark{Federation: other.Federation, UID: other.UID}.Text()}})
				untouched := w.server.Dump(zone)
				w.want(services(3, "gondor", "rohan")...)
				w.settle()
				w.stop()
				if tt.fail != nil {
					w.server.Fail(tt.fail(w))
					time.AfterFunc(time.Minute, func() { w.server.Fail(inmemory.Faults{}) })
				}
				removed, err := keeper.Purge(t.Context(), w.server, zone, owner)
				if tt.denied != errors.Is(err, dns.ErrDenied) || err != nil && !tt.denied || removed != tt.removed {
					t.Fatalf("Purge = %d, %v, want %d", removed, err, tt.removed)
				}
				if left := w.server.Dump(zone); !tt.denied && len(left) != len(untouched) {
					t.Errorf("the zone has %v, want %v", left, untouched)
				}
			})
		})
	}
}

func TestPurgeEndsWithItsContext(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		w.server.Fail(inmemory.Faults{Call: func(string) error { return &dns.Throttled{After: time.Hour, Err: errors.New("slow down")} }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if _, err := keeper.Purge(ctx, w.server, zone, owner); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, dns.ErrThrottled) {
			t.Errorf("Purge = %v, want both the end of the time and its reason", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %s, want a minute", took)
		}
	})
}
