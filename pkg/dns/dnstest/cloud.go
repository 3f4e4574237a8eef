package dnstest

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// Server is the fake of a cloud's DNS API. E is how that says that something is not done.
type Server[E any] interface {
	// Fail asks a function before every call, which is the name of the API's: what it returns is the answer. Nil lets all be.
	Fail(fail func(call string) *E)
	// Calls is how many of a call there were, of all if it is "". Refused ones count.
	Calls(call string) int
	Close()
}

// Cloud is such a server with a zone, in which there are its SOA and NS, and a provider for it. The providers of clouds have much in common:
// they ask over HTTP, list in pages, change several units in one call that is made wholly or not at all, and leave retries to the caller.
type Cloud[E any] struct {
	Server   Server[E]
	Provider dns.Provider
	Zone     dns.Zone

	// Put makes a record set past the provider, or changes it. Its values are as in a zone file: texts have quotation marks.
	Put func(set dns.RecordSet)
	// Remove removes one past the provider.
	Remove func(name string, t dns.Type)
	// Sets counts the record sets in the zone.
	Sets func() int

	// Throttled, Denied and Broken are answers to too many calls, to credentials without the permission, and for a passing reason.
	Throttled, Denied, Broken *E
	// ListZones and ListRecords are how calls are named to Observe functions of providers.
	ListZones, ListRecords string
	// PageSize is how many record sets a call lists, and BatchSize how many new names of one address a call makes.
	PageSize, BatchSize int
	// MostCalls is Harness's.
	MostCalls func(sizes []int) int
}

// Harness is that of the cloud.
func (c Cloud[E]) Harness() Harness {
	failing := func(err *E) func(testing.TB) func() {
		return func(testing.TB) func() {
			c.Server.Fail(func(string) *E { return err })
			return func() { c.Server.Fail(nil) }
		}
	}
	put := func(set dns.RecordSet) {
		if set.Type == dns.TXT {
			set.Values = zonetext.Standard.Values(set) // of ASCII, which all write alike
		}
		c.Put(set)
	}
	return Harness{
		Provider:    c.Provider,
		Zone:        c.Zone,
		Put:         func(_ testing.TB, set dns.RecordSet) { put(set) },
		Remove:      func(_ testing.TB, name string, t dns.Type) { c.Remove(name, t) },
		Foreign:     []dns.Type{"MX", "SRV", "CAA"},
		Calls:       func() int { return c.Server.Calls("") },
		MostCalls:   c.MostCalls,
		MostListing: func(sets int) int { return sets/c.PageSize + 1 },
		Throttle:    failing(c.Throttled),
		Deny:        failing(c.Denied),
		Break:       failing(c.Broken),
		Rejected:    func() dns.Unit { return BesideMX(c.Zone, put) },
		Atomic:      true,
		TTLCompared: true,
	}
}

// Address is a unit that makes the one address of a name.
func Address(name, value string) dns.Unit {
	return unit(name, nil, []dns.RecordSet{set(name, dns.A, 60, value)})
}

// BesideMX puts an MX into a zone and returns a unit for a CNAME of the same name, which servers that check what they are told never make.
func BesideMX(zone dns.Zone, put func(set dns.RecordSet)) dns.Unit {
	name := "mailed." + zone.Name
	put(set(name, "MX", 60, "10 mail."+zone.Name))
	return unit(name, nil, []dns.RecordSet{set(name, dns.CNAME, 60, "x.example.")})
}
