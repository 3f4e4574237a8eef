package route53_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	"github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
)

// address is a unit that makes one.
func address(name, value string) dns.Unit {
	return dns.Unit{Name: name, Changes: []dns.Change{{After: &dns.RecordSet{Name: name, Type: dns.A, TTL: 60, Values: []string{value}}}}}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer *fakeserver.Error
		want   error // nil: none that has a name
	}{
		{name: "rate limit", answer: fakeserver.Throttling, want: dns.ErrThrottled},
		{name: "another change is being made", answer: fakeserver.PriorNotComplete, want: dns.ErrThrottled},
		{name: "no permission", answer: fakeserver.AccessDenied, want: dns.ErrDenied},
		{name: "passing failure", answer: fakeserver.Internal},
		{name: "a failure that is none of the API's", answer: &fakeserver.Error{Status: 502, Message: "Bad Gateway"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, p, zone := started(t)
			server.Fail(func(string) *fakeserver.Error { return tt.answer })
			err := p.Apply(t.Context(), zone, []dns.Unit{address("web.example.com.", "192.0.2.1")})
			for _, known := range []error{dns.ErrThrottled, dns.ErrDenied, dns.ErrStale, dns.ErrRejected} {
				if errors.Is(err, known) != (known == tt.want) { //nolint:errorlint // which sentinel it is, is compared
					t.Errorf("Apply = %v, errors.Is(%q) is %t", err, known, errors.Is(err, known))
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.answer.Message) && !strings.Contains(err.Error(), "502") {
				t.Errorf("Apply = %v, want what the API says", err)
			}
			if calls := server.Calls(""); calls != 1 {
				t.Errorf("%d calls, want 1: retries are the caller's", calls)
			}
		})
	}
}

func TestCallsArePaced(t *testing.T) {
	server, p, zone := started(t, func(o *route53.Options) { o.CallsPerSecond = 20 })
	server.Limit(40, 5)
	for i := range 3000 {
		server.Put(zone.ID, fakeserver.RecordSet{Name: fmt.Sprintf("name-%04d.example.com.", i), Type: "A", TTL: 60, Records: fakeserver.Values("192.0.2.1")})
	}
	if sets, err := p.Records(t.Context(), zone, zone.Name); err != nil || len(sets) != 3002 {
		t.Errorf("Records = %d sets, %v, want 3002", len(sets), err)
	}
	if calls := server.Calls(""); calls != 11 {
		t.Errorf("%d calls for 3002 sets, want 11", calls)
	}
}

func TestAListingUnderWaySurvivesPassingFailures(t *testing.T) {
	route53.PageWaits[0], route53.PageWaits[1] = time.Millisecond, time.Millisecond
	server, p, zone := started(t)
	for i := range 700 {
		server.Put(zone.ID, fakeserver.RecordSet{Name: fmt.Sprintf("name-%03d.example.com.", i), Type: "A", TTL: 60, Records: fakeserver.Values("192.0.2.1")})
	}
	calls := 0
	server.Fail(func(string) *fakeserver.Error {
		switch calls++; calls {
		case 2:
			return fakeserver.Throttling
		case 3:
			return fakeserver.Internal
		}
		return nil
	})
	if sets, err := p.Records(t.Context(), zone, zone.Name); err != nil || len(sets) != 702 {
		t.Errorf("Records = %d sets, %v, want 702", len(sets), err)
	}
	if calls != 5 {
		t.Errorf("%d calls for three pages of which one failed twice, want 5", calls)
	}
}

func TestWhatWasMadeBeforeThrottlingIsKnown(t *testing.T) {
	server, p, zone := started(t)
	var units []dns.Unit
	for i := range 1500 {
		units = append(units, address(fmt.Sprintf("name-%d.example.com.", i), "192.0.2.1"))
	}
	calls := 0
	server.Fail(func(string) *fakeserver.Error {
		if calls++; calls == 2 {
			return fakeserver.Throttling
		}
		return nil
	})
	err := p.Apply(t.Context(), zone, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || !errors.Is(err, dns.ErrThrottled) {
		t.Fatalf("Apply = %v, want *dns.UnitErrors that are ErrThrottled", err)
	}
	if made := len(server.Records(zone.ID)) - 2; made != 1000 || len(failed.Failed) != 500 {
		t.Errorf("%d of %d units were made, %d are said to have failed", made, len(units), len(failed.Failed))
	}
}

func TestUnitsAtFaultAreFound(t *testing.T) {
	there := fakeserver.RecordSet{Name: "taken.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("203.0.113.1")}
	also := fakeserver.RecordSet{Name: "too.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("203.0.113.1")}
	third := fakeserver.RecordSet{Name: "three.example.com.", Type: "A", TTL: 60, Records: fakeserver.Values("203.0.113.1")}
	for _, tt := range []struct {
		name  string
		there []fakeserver.RecordSet
		bad   []dns.Unit
		want  error
		calls int
	}{
		{name: "one that is named", there: []fakeserver.RecordSet{there}, bad: []dns.Unit{address(there.Name, "192.0.2.1")}, want: dns.ErrStale, calls: 2},
		{name: "two, in the one form of answers", there: []fakeserver.RecordSet{there, also}, bad: []dns.Unit{address(there.Name, "192.0.2.1"), address(also.Name, "192.0.2.1")}, want: dns.ErrStale, calls: 2},
		{name: "three, in the other", there: []fakeserver.RecordSet{there, also, third}, bad: []dns.Unit{address(there.Name, "192.0.2.1"), address(also.Name, "192.0.2.1"), address(third.Name, "192.0.2.1")}, want: dns.ErrStale, calls: 2},
		{name: "one whose name the answer does not say", bad: []dns.Unit{address("bad.example.com.", "not-an-address")}, want: dns.ErrRejected, calls: 5},
		{name: "one that is not in the zone", bad: []dns.Unit{address("web.example.org.", "192.0.2.1")}, want: dns.ErrRejected, calls: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, p, zone := started(t)
			for _, set := range tt.there {
				server.Put(zone.ID, set)
			}
			good := []dns.Unit{address("a.example.com.", "192.0.2.1"), address("b.example.com.", "192.0.2.1"), address("c.example.com.", "192.0.2.1")}
			err := p.Apply(t.Context(), zone, slices.Concat(good[:2], tt.bad, good[2:]))
			var failed *dns.UnitErrors
			if !errors.As(err, &failed) || len(failed.Failed) != len(tt.bad) {
				t.Fatalf("Apply = %v, want %d failed units", err, len(tt.bad))
			}
			for _, u := range tt.bad {
				if err := failed.Failed[u.Name]; !errors.Is(err, tt.want) {
					t.Errorf("unit %s failed with %v, want %v", u.Name, err, tt.want)
				}
			}
			for _, u := range good {
				if !slices.ContainsFunc(server.Records(zone.ID), func(s fakeserver.RecordSet) bool { return s.Name == u.Name }) {
					t.Errorf("unit %s was not made", u.Name)
				}
			}
			if calls := server.Calls(""); calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
		})
	}
}

func TestCallsAreObserved(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	server, p, zone := started(t, func(o *route53.Options) {
		o.Observe = func(call string, err error) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf("%s denied=%t", call, errors.Is(err, dns.ErrDenied)))
		}
	})
	if _, err := p.Zones(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Fail(func(string) *fakeserver.Error { return fakeserver.AccessDenied })
	if _, err := p.Records(t.Context(), zone, zone.Name); err == nil {
		t.Error("Records succeeded without a permission")
	}
	if want := []string{"ListHostedZones denied=false", "ListResourceRecordSets denied=true"}; !slices.Equal(seen, want) {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

func TestAServerThatIsDownIsAPassingFailure(t *testing.T) {
	server, p, zone := started(t)
	if _, err := p.Zones(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err := p.Records(t.Context(), zone, zone.Name)
	if err == nil {
		t.Fatal("Records of a server that is down succeeded")
	}
	for _, known := range []error{dns.ErrThrottled, dns.ErrDenied, dns.ErrStale, dns.ErrRejected, dns.ErrNoZone} {
		if errors.Is(err, known) {
			t.Errorf("Records = %v, which says that %v", err, known)
		}
	}
}
