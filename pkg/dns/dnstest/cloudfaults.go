package dnstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Answer is one that a cloud gives instead of what it was asked for, and what a provider makes of it.
type Answer[E any] struct {
	Name string
	Is   *E
	// Want is nil for an error that has no name.
	Want error
	// Says is the part of the answer that the error repeats.
	Says string
	// After is how long a *dns.Throttled says to wait.
	After time.Duration
}

// RunCloud runs the contract of all providers, and what those of clouds have to do besides: tell of all answers what they mean, and keep what
// they have got when a call fails. Each test has a new Cloud, whose provider calls observe for each call.
func RunCloud[E any](t *testing.T, start func(t *testing.T, observe func(call string, err error)) Cloud[E], answers []Answer[E]) {
	t.Helper()
	silent := func(t *testing.T) Cloud[E] {
		t.Helper()
		return start(t, func(string, error) {})
	}
	Run(t, func(t *testing.T) Harness {
		t.Helper()
		return silent(t).Harness()
	})
	for _, answer := range answers {
		t.Run("answer: "+answer.Name, func(t *testing.T) { testAnswer(t, silent(t), answer) })
	}
	t.Run("a listing under way survives passing failures", func(t *testing.T) { testListing(t, silent(t)) })
	t.Run("what was made before throttling is known", func(t *testing.T) { testThrottledUnderWay(t, silent(t)) })
	t.Run("calls are observed", func(t *testing.T) { testObserved(t, start) })
	t.Run("a server that is down is a passing failure", func(t *testing.T) { testDown(t, silent(t)) })
}

func testAnswer[E any](t *testing.T, c Cloud[E], answer Answer[E]) {
	c.Server.Fail(func(string) *E { return answer.Is })
	err := c.Provider.Apply(t.Context(), c.Zone, []dns.Unit{Address("web."+c.Zone.Name, "192.0.2.1")})
	named(t, "Apply", err, answer.Want)
	if err != nil && !strings.Contains(err.Error(), answer.Says) {
		t.Errorf("Apply = %v, want what the API says: %s", err, answer.Says)
	}
	var throttled *dns.Throttled
	if errors.As(err, &throttled) && throttled.After != answer.After {
		t.Errorf("to wait for %s, want %s", throttled.After, answer.After)
	}
	if calls := c.Server.Calls(""); calls != 1 {
		t.Errorf("%d calls, want 1: retries are the caller's", calls)
	}
}

func testListing[E any](t *testing.T, c Cloud[E]) {
	sets := c.PageSize*2 + c.PageSize/2
	for i := range sets {
		c.Put(set(fmt.Sprintf("name-%03d.%s", i, c.Zone.Name), dns.A, 60, "192.0.2.1"))
	}
	calls := 0
	c.Server.Fail(func(string) *E {
		switch calls++; calls {
		case 2:
			return c.Throttled
		case 3:
			return c.Broken
		}
		return nil
	})
	if listed, err := c.Provider.Records(t.Context(), c.Zone, c.Zone.Name); err != nil || len(listed) != sets+2 {
		t.Errorf("Records = %d sets, %v, want %d", len(listed), err, sets+2)
	}
	if calls != 5 {
		t.Errorf("%d calls for three pages of which one failed twice, want 5", calls)
	}
}

func testThrottledUnderWay[E any](t *testing.T, c Cloud[E]) {
	before := c.Sets()
	var units []dns.Unit
	for i := range c.BatchSize + c.BatchSize/2 {
		units = append(units, Address(fmt.Sprintf("name-%d.%s", i, c.Zone.Name), "192.0.2.1"))
	}
	calls := 0
	c.Server.Fail(func(string) *E {
		if calls++; calls == 2 {
			return c.Throttled
		}
		return nil
	})
	err := c.Provider.Apply(t.Context(), c.Zone, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || !errors.Is(err, dns.ErrThrottled) {
		t.Fatalf("Apply = %v, want *dns.UnitErrors that are ErrThrottled", err)
	}
	if made := c.Sets() - before; made != c.BatchSize || made+len(failed.Failed) != len(units) {
		t.Errorf("%d of %d units were made, want %d; %d are said to have failed", made, len(units), c.BatchSize, len(failed.Failed))
	}
}

func testObserved[E any](t *testing.T, start func(t *testing.T, observe func(call string, err error)) Cloud[E]) {
	var mu sync.Mutex
	var seen []string
	c := start(t, func(call string, err error) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf("%s denied=%t", call, errors.Is(err, dns.ErrDenied)))
	})
	if _, err := c.Provider.Zones(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Server.Fail(func(string) *E { return c.Denied })
	if _, err := c.Provider.Records(t.Context(), c.Zone, c.Zone.Name); err == nil {
		t.Error("Records succeeded without a permission")
	}
	if want := []string{c.ListZones + " denied=false", c.ListRecords + " denied=true"}; !slices.Equal(seen, want) {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

func testDown[E any](t *testing.T, c Cloud[E]) {
	if _, err := c.Provider.Zones(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Server.Close()
	_, err := c.Provider.Records(t.Context(), c.Zone, c.Zone.Name)
	named(t, "Records of a server that is down", err, nil)
}
