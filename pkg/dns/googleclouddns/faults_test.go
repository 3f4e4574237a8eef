package googleclouddns_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
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
		after  time.Duration
	}{
		{name: "rate limit", answer: fakeserver.RateLimited, want: dns.ErrThrottled},
		{name: "too many requests, with a time", answer: fakeserver.TooManyRequests, want: dns.ErrThrottled, after: 7 * time.Second},
		{name: "no permission", answer: fakeserver.Forbidden, want: dns.ErrDenied},
		{name: "no valid token", answer: fakeserver.Unauthorized, want: dns.ErrDenied},
		{name: "passing failure", answer: fakeserver.Unavailable},
		{name: "a full project is neither", answer: &fakeserver.Error{Status: 403, Reason: "quotaExceeded", Message: "Quota exceeded: resource record sets per zone"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, p := started(t)
			server.Fail(func(string) *fakeserver.Error { return tt.answer })
			err := p.Apply(t.Context(), example, []dns.Unit{address("web.example.com.", "192.0.2.1")})
			for _, known := range []error{dns.ErrThrottled, dns.ErrDenied, dns.ErrStale, dns.ErrRejected} {
				if errors.Is(err, known) != (known == tt.want) { //nolint:errorlint // which sentinel it is, is compared
					t.Errorf("Apply = %v, errors.Is(%q) is %t", err, known, errors.Is(err, known))
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.answer.Message) {
				t.Errorf("Apply = %v, want what the API says", err)
			}
			var throttled *dns.Throttled
			if errors.As(err, &throttled) && throttled.After != tt.after {
				t.Errorf("to wait for %s, want %s", throttled.After, tt.after)
			}
			if calls := server.Calls(""); calls != 1 {
				t.Errorf("%d calls, want 1: retries are the caller's", calls)
			}
		})
	}
}

func TestAListingUnderWaySurvivesPassingFailures(t *testing.T) {
	googleclouddns.PageWaits[0], googleclouddns.PageWaits[1] = time.Millisecond, time.Millisecond
	server, p := started(t)
	for i := range 250 {
		server.Put(example.ID, fakeserver.RecordSet{Name: fmt.Sprintf("name-%03d.example.com.", i), Type: "A", TTL: 60, Rrdatas: []string{"192.0.2.1"}})
	}
	calls := 0
	server.Fail(func(string) *fakeserver.Error {
		switch calls++; calls {
		case 2:
			return fakeserver.RateLimited
		case 3:
			return fakeserver.Unavailable
		}
		return nil
	})
	if sets, err := p.Records(t.Context(), example, example.Name); err != nil || len(sets) != 252 {
		t.Errorf("Records = %d sets, %v, want 252", len(sets), err)
	}
	if calls != 5 {
		t.Errorf("%d calls for three pages of which one failed twice, want 5", calls)
	}
}

func TestWhatWasMadeBeforeThrottlingIsKnown(t *testing.T) {
	server, p := started(t)
	var units []dns.Unit
	for i := range 1500 {
		units = append(units, address(fmt.Sprintf("name-%d.example.com.", i), "192.0.2.1"))
	}
	calls := 0
	server.Fail(func(string) *fakeserver.Error {
		if calls++; calls == 2 {
			return fakeserver.TooManyRequests
		}
		return nil
	})
	err := p.Apply(t.Context(), example, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || !errors.Is(err, dns.ErrThrottled) {
		t.Fatalf("Apply = %v, want *dns.UnitErrors that are ErrThrottled", err)
	}
	if made := len(server.Records(example.ID)) - 2; made+len(failed.Failed) != len(units) {
		t.Errorf("%d of %d units were made, %d are said to have failed", made, len(units), len(failed.Failed))
	}
}

func TestRoutingPoliciesAreLetBe(t *testing.T) {
	server, p := started(t)
	policy := fakeserver.RecordSet{Name: "web.example.com.", Type: "A", TTL: 30, RoutingPolicy: map[string]any{"wrr": map[string]any{"items": []any{map[string]any{"weight": 1, "rrdatas": []string{"203.0.113.1"}}}}}}
	server.Put(example.ID, policy)
	before := server.Records(example.ID)
	sets, err := p.Records(t.Context(), example, "web.example.com.")
	if diff := cmp.Diff([]dns.RecordSet{{Name: "web.example.com.", Type: dns.A, TTL: 30}}, sets); err != nil || diff != "" {
		t.Fatalf("Records: %v (-want +got):\n%s", err, diff)
	}
	replace := address("web.example.com.", "192.0.2.1")
	replace.Changes[0].Before = &sets[0]
	for name, unit := range map[string]dns.Unit{"to replace it": replace, "to make it": address("web.example.com.", "192.0.2.1")} {
		var failed *dns.UnitErrors
		if err := p.Apply(t.Context(), example, []dns.Unit{unit}); !errors.As(err, &failed) {
			t.Errorf("Apply of a unit %s = %v, want it to fail", name, err)
		}
	}
	if diff := cmp.Diff(before, server.Records(example.ID)); diff != "" {
		t.Errorf("the zone (-before +after):\n%s", diff)
	}
}

func TestWhatOthersWroteTheirWayIsReplaced(t *testing.T) {
	server, p := started(t)
	for _, set := range []fakeserver.RecordSet{
		{Name: "web.example.com.", Type: "A", TTL: 60, Rrdatas: []string{"192.0.2.2", "192.0.2.1"}},
		{Name: "web.example.com.", Type: "AAAA", TTL: 60, Rrdatas: []string{"2001:DB8:0:0:0:0:0:1"}},
		{Name: "_fedhelm.web.example.com.", Type: "TXT", TTL: 60, Rrdatas: []string{"plain", `"two" "parts"`}},
	} {
		server.Put(example.ID, set)
	}
	sets, err := p.Records(t.Context(), example, "web.example.com.")
	want := []dns.RecordSet{
		{Name: "_fedhelm.web.example.com.", Type: dns.TXT, TTL: 60, Values: []string{"plain", "twoparts"}},
		{Name: "web.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1", "192.0.2.2"}},
		{Name: "web.example.com.", Type: dns.AAAA, TTL: 60, Values: []string{"2001:db8::1"}},
	}
	if diff := cmp.Diff(want, sets); err != nil || diff != "" {
		t.Fatalf("Records: %v (-want +got):\n%s", err, diff)
	}
	unit := dns.Unit{Name: "web.example.com.", Changes: []dns.Change{{Before: &sets[0]}, {Before: &sets[1]}, {Before: &sets[2], After: &dns.RecordSet{Name: "web.example.com.", Type: dns.AAAA, TTL: 60, Values: []string{"2001:db8::2"}}}}}
	if err := p.Apply(t.Context(), example, []dns.Unit{unit}); err != nil {
		t.Fatalf("Apply = %v", err)
	}
	if got := server.Records(example.ID); len(got) != 3 || !slices.Equal(got[2].Rrdatas, []string{"2001:db8::2"}) {
		t.Errorf("the zone holds %v, want its own records and the one that was made", got)
	}
}

func TestCallsAreObserved(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	server, p := started(t, func(_ *fakeserver.Server, o *googleclouddns.Options) {
		o.Observe = func(call string, err error) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf("%s denied=%t", call, errors.Is(err, dns.ErrDenied)))
		}
	})
	if _, err := p.Zones(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Fail(func(string) *fakeserver.Error { return fakeserver.Forbidden })
	if _, err := p.Records(t.Context(), example, example.Name); err == nil {
		t.Error("Records succeeded without a permission")
	}
	if want := []string{"managedZones.list denied=false", "resourceRecordSets.list denied=true"}; !slices.Equal(seen, want) {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

func TestAnInvalidValueIsFoundAmongOthers(t *testing.T) {
	server, p := started(t)
	units := []dns.Unit{address("a.example.com.", "192.0.2.1"), address("b.example.com.", "not-an-address"), address("c.example.com.", "192.0.2.1")}
	err := p.Apply(t.Context(), example, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || len(failed.Failed) != 1 || !errors.Is(failed.Failed["b.example.com."], dns.ErrRejected) {
		t.Errorf("Apply = %v, want ErrRejected for b.example.com. alone", err)
	}
	if calls := server.Calls(""); calls != 2 {
		t.Errorf("%d calls, want 2: the answer names the record set", calls)
	}
}

func TestAServerThatIsDownIsAPassingFailure(t *testing.T) {
	server, p := started(t)
	if _, err := p.Zones(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err := p.Records(t.Context(), example, example.Name)
	if err == nil {
		t.Fatal("Records of a server that is down succeeded")
	}
	for _, known := range []error{dns.ErrThrottled, dns.ErrDenied, dns.ErrStale, dns.ErrRejected, dns.ErrNoZone} {
		if errors.Is(err, known) {
			t.Errorf("Records = %v, which says that %v", err, known)
		}
	}
}
