package dnstest

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// testScale takes 1,000 Services of 10 members through their lives, and counts the calls.
func testScale(t *testing.T, h Harness) {
	if testing.Short() {
		t.Skip("left out with -short: 1,000 Services of 10 members take up to a minute")
	}
	naming := dns.Naming{Federation: "fellowship", Suffix: h.Zone.Name}
	owner := dns.Owner{Federation: "fellowship", UID: "5f1c2a0e-7d3b-4f0a-9d55-1f2e3d4c5b6a"}
	members, services := Fleet(10, 1000)
	foreign := set(h.name("foreign"), dns.A, 60, "203.0.113.1")
	h.Put(t, foreign)

	steps := []struct {
		name     string
		services []dns.Service
	}{
		{name: "all are made", services: services},
		{name: "a member goes offline", services: without(services, members[0].Name)},
		{name: "one Service changes", services: append(without(services[:1], members[1].Name), without(services[1:], members[0].Name)...)},
		{name: "all go"},
	}
	for _, step := range steps {
		began, calls := time.Now(), h.Calls()
		index := dns.NewIndex(h.list(t, h.Zone.Name))
		listing := h.Calls() - calls
		if most := h.MostListing(index.Len()); listing > most {
			t.Errorf("%s: listing %d record sets took %d calls, may take %d", step.name, index.Len(), listing, most)
		}
		var wanted []dns.Wanted
		for _, s := range step.services {
			w, problems := dns.Desired(naming, s, members)
			if len(problems) > 0 {
				t.Fatalf("Desired: %v", problems)
			}
			wanted = append(wanted, w...)
		}
		units, conflicts := dns.Plan(owner, wanted, index, dns.Scope{All: true})
		if len(conflicts) > 0 {
			t.Fatalf("%s: conflicts: %v", step.name, conflicts)
		}
		sizes := make([]int, 0, len(units))
		for _, u := range units {
			sizes = append(sizes, len(u.Changes))
		}
		calls = h.Calls()
		h.apply(t, units...)
		took := h.Calls() - calls
		t.Logf("%s: %d units in %d calls, listing of %d record sets in %d; %s", step.name, len(units), took, index.Len(), listing, time.Since(began).Round(time.Millisecond))
		if most := h.MostCalls(sizes); took > most {
			t.Errorf("%s: %d calls for %d units, may take %d", step.name, took, len(units), most)
		}
		if units, _ := dns.Plan(owner, wanted, dns.NewIndex(h.list(t, h.Zone.Name)), dns.Scope{All: true}); len(units) > 0 {
			t.Fatalf("%s: %d units are still to be made; the first: %+v", step.name, len(units), units[0])
		}
	}
	h.has(t, foreign.Name, foreign)
}

// Fleet is a federation with regions of two members, each in a zone of its own, every fifth in one more, and with Services that are in all.
func Fleet(members, services int) ([]dns.Member, []dns.Service) {
	clusters := make([]dns.Member, 0, members)
	for m := range members {
		region := fmt.Sprintf("region-%d", m/2)
		cluster := dns.Member{Name: fmt.Sprintf("member-%d", m), Region: region, Zones: []string{fmt.Sprintf("%s-%d", region, m)}}
		if m%5 == 0 {
			cluster.Zones = append(cluster.Zones, cluster.Zones[0]+"-more")
		}
		clusters = append(clusters, cluster)
	}
	all := make([]dns.Service, 0, services)
	for s := range services {
		service := dns.Service{Namespace: fmt.Sprintf("team-%d", s%10), Name: fmt.Sprintf("web-%d", s), TTL: 60}
		for m, cluster := range clusters {
			service.Backends = append(service.Backends, dns.Backend{Member: cluster.Name, Addresses: []netip.Addr{
				netip.AddrFrom4([4]byte{10, byte(m), byte(s >> 8), byte(s)}),
			}})
		}
		all = append(all, service)
	}
	return clusters, all
}

// without are the Services with a member taken out.
func without(services []dns.Service, member string) []dns.Service {
	changed := make([]dns.Service, 0, len(services))
	for _, s := range services {
		var backends []dns.Backend
		for _, b := range s.Backends {
			if b.Member != member {
				backends = append(backends, b)
			}
		}
		s.Backends = backends
		changed = append(changed, s)
	}
	return changed
}

// addresses are so many, sorted as text.
func addresses(n int) []string {
	values := make([]string, 0, n)
	for i := range n {
		values = append(values, fmt.Sprintf("192.0.2.%d", 100+i))
	}
	return values
}

// embedded are addresses of IPv6 instead.
func embedded(n int) []string {
	values := addresses(n)
	for i := range values {
		values[i] = fmt.Sprintf("2001:db8::%x", 0x100+i)
	}
	return values
}
