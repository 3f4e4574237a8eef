package dnstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// testFaults has the server refuse in each of its ways; what it was asked for then is made when it does not refuse any more.
func testFaults(t *testing.T, h Harness) {
	for _, fault := range []struct {
		name  string
		start func(testing.TB) func()
		want  error // nil: none of those that have a name
	}{
		{name: "throttled", start: h.Throttle, want: dns.ErrThrottled},
		{name: "denied", start: h.Deny, want: dns.ErrDenied},
		{name: "broken", start: h.Break},
	} {
		if fault.name == "throttled" && fault.start == nil {
			continue // the server never does that
		}
		t.Run(fault.name, func(t *testing.T) {
			web := set(h.name(fault.name), dns.A, 60, "192.0.2.1")
			units := []dns.Unit{unit(web.Name, nil, []dns.RecordSet{web})}
			restore := fault.start(t)
			applied := h.Provider.Apply(t.Context(), h.Zone, units)
			_, listed := h.Provider.Records(t.Context(), h.Zone, h.Zone.Name)
			restore()
			for call, err := range map[string]error{"Apply": applied, "Records": listed} {
				named(t, call, err, fault.want)
			}
			h.has(t, web.Name)
			h.apply(t, units...)
			h.has(t, web.Name, web)
		})
	}
	t.Run("a unit that is rejected does not hold up others", func(t *testing.T) {
		bad := h.Rejected()
		first, last := set(h.name("a-first"), dns.A, 60, "192.0.2.1"), set(h.name("z-last"), dns.A, 60, "192.0.2.1")
		err := h.Provider.Apply(t.Context(), h.Zone, []dns.Unit{unit(first.Name, nil, []dns.RecordSet{first}), bad, unit(last.Name, nil, []dns.RecordSet{last})})
		var failed *dns.UnitErrors
		if !errors.As(err, &failed) || len(failed.Failed) != 1 || !errors.Is(failed.Failed[bad.Name], dns.ErrRejected) {
			t.Errorf("Apply = %v, want ErrRejected for %s alone", err, bad.Name)
		}
		h.has(t, first.Name, first)
		h.has(t, last.Name, last)
	})
}

// named fails the test unless a call failed, with the error of the sentinels that is wanted; nil is none of them.
func named(t *testing.T, call string, err, want error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s succeeded", call)
		return
	}
	for _, known := range []error{dns.ErrThrottled, dns.ErrDenied, dns.ErrStale, dns.ErrRejected, dns.ErrNoZone} {
		if errors.Is(err, known) != (known == want) { //nolint:errorlint // which sentinel it is, is compared
			t.Errorf("%s = %v, errors.Is(%q) is %t", call, err, known, errors.Is(err, known))
		}
	}
}

// testTogether calls the provider from several goroutines.
func testTogether(t *testing.T, h Harness) {
	const workers, rounds = 4, 5
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			var before []dns.RecordSet
			name := h.name(fmt.Sprintf("worker-%d", w))
			for r := range rounds {
				after := []dns.RecordSet{set(name, dns.A, 60, fmt.Sprintf("192.0.2.%d", r+1))}
				if err := h.Provider.Apply(t.Context(), h.Zone, []dns.Unit{unit(name, before, after)}); err != nil {
					t.Errorf("Apply(%s): %v", name, err)
					return
				}
				if _, err := h.Provider.Records(t.Context(), h.Zone, name); err != nil {
					t.Errorf("Records(%s): %v", name, err)
				}
				before = after
			}
		})
	}
	all.Wait()
	for w := range workers {
		name := h.name(fmt.Sprintf("worker-%d", w))
		h.has(t, name, set(name, dns.A, 60, fmt.Sprintf("192.0.2.%d", rounds)))
	}
}
