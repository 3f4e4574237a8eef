// Package dnstest is what every provider has to do, as tests that each one's own tests run against a server of its kind.
package dnstest

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Harness is a provider and its server, with a zone that holds nothing but what every zone of its kind has. The functions that fail the test do
// so by themselves.
type Harness struct {
	Provider dns.Provider
	Zone     dns.Zone

	// Put makes a record set past the provider, or changes it, as somebody else would. It can be any that is listed in Foreign, and those of
	// the types that federations use.
	Put func(tb testing.TB, set dns.RecordSet)
	// Remove removes one past the provider.
	Remove func(tb testing.TB, name string, t dns.Type)
	// Foreign are types besides the federations' own that the server can hold: MX or SRV. Their values are as in a zone file.
	Foreign []dns.Type

	// Calls counts the requests that the server has had until now.
	Calls func() int
	// MostCalls is how many requests the provider may need to make units of these sizes (changes of record sets in each).
	MostCalls func(sizes []int) int
	// MostListing is how many it may need to list so many record sets.
	MostListing func(sets int) int

	// Throttle makes the server refuse requests, for too many of them, until restored. Nil: it never does that.
	Throttle func(tb testing.TB) (restore func())
	// Deny makes the server refuse the credentials until restored.
	Deny func(tb testing.TB) (restore func())
	// Break makes the server fail for a passing reason (5xx, a closed connection) until restored.
	Break func(tb testing.TB) (restore func())
	// Rejected is a unit that the server would never accept.
	Rejected func() dns.Unit

	// FixedZones says that the provider makes no zones.
	FixedZones bool
	// Atomic says that the server makes a unit wholly or not at all.
	Atomic bool
	// TTLCompared says that another TTL than a unit's Before is stale for it.
	TTLCompared bool
}

// Run runs all tests, each with a new Harness. That of 1,000 Services is left out with -short.
func Run(t *testing.T, start func(t *testing.T) Harness) {
	t.Helper()
	for _, suite := range []struct {
		name string
		run  func(*testing.T, Harness)
	}{
		{name: "zones", run: testZones},
		{name: "shapes", run: testShapes},
		{name: "limits of names and values", run: testLimits},
		{name: "listing below a name", run: testUnder},
		{name: "stale units", run: testStale},
		{name: "foreign records", run: testForeign},
		{name: "texts beside marks", run: testMarks},
		{name: "faults", run: testFaults},
		{name: "calls at the same time", run: testTogether},
		{name: "1,000 Services of 10 members", run: testScale},
	} {
		t.Run(suite.name, func(t *testing.T) { suite.run(t, start(t)) })
	}
}

// name is one in the harness's zone.
func (h Harness) name(labels string) string { return labels + "." + h.Zone.Name }

// apply makes units that must succeed.
func (h Harness) apply(t *testing.T, units ...dns.Unit) {
	t.Helper()
	if err := h.Provider.Apply(t.Context(), h.Zone, units); err != nil {
		t.Fatalf("Apply(%d units): %v", len(units), err)
	}
}

// list is all that the zone has at under and below it.
func (h Harness) list(t *testing.T, under string) []dns.RecordSet {
	t.Helper()
	sets, err := h.Provider.Records(t.Context(), h.Zone, under)
	if err != nil {
		t.Fatalf("Records(%q): %v", under, err)
	}
	return sorted(sets)
}

// has fails the test unless the zone has exactly these record sets of the federations' types below a name.
func (h Harness) has(t *testing.T, under string, want ...dns.RecordSet) {
	t.Helper()
	var got []dns.RecordSet
	for _, set := range h.list(t, under) {
		if slices.Contains([]dns.Type{dns.A, dns.AAAA, dns.CNAME, dns.TXT}, set.Type) {
			got = append(got, set)
		}
	}
	if diff := gocmp.Diff(sorted(want), got); diff != "" {
		t.Fatalf("record sets at and below %s (-want +got):\n%s", under, diff)
	}
}

func sorted(sets []dns.RecordSet) []dns.RecordSet {
	sets = slices.Clone(sets)
	slices.SortFunc(sets, func(a, b dns.RecordSet) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	return sets
}

func set(name string, t dns.Type, ttl uint32, values ...string) dns.RecordSet {
	return dns.RecordSet{Name: name, Type: t, TTL: ttl, Values: slices.Sorted(slices.Values(values))}
}

// unit makes and removes record sets of a name: those before that are none of those after go.
func unit(name string, before, after []dns.RecordSet) dns.Unit {
	u := dns.Unit{Name: name}
	key := func(s dns.RecordSet) string { return s.Name + " " + string(s.Type) }
	later := map[string]*dns.RecordSet{}
	for i := range after {
		later[key(after[i])] = &after[i]
	}
	for i := range before {
		u.Changes = append(u.Changes, dns.Change{Before: &before[i], After: later[key(before[i])]})
		delete(later, key(before[i]))
	}
	for i := range after {
		if later[key(after[i])] != nil {
			u.Changes = append(u.Changes, dns.Change{After: &after[i]})
		}
	}
	return u
}
