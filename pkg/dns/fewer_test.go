package dns_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// thousand members in one region, each with so many addresses.
func thousand(addresses int) ([]dns.Member, dns.Service) {
	s := dns.Service{Namespace: "ns", Name: "web", TTL: 60}
	members := make([]dns.Member, 1000)
	for i := range members {
		members[i] = dns.Member{Name: fmt.Sprintf("m%d", i), Region: "r", Zones: []string{fmt.Sprintf("z%d", i)}}
		b := dns.Backend{Member: members[i].Name}
		for j := range addresses {
			b.Addresses = append(b.Addresses, addressOf(i%250, i/250*60+j, false))
		}
		s.Backends = append(s.Backends, b)
	}
	return members, s
}

// named are the addresses of a name.
func named(t *testing.T, s dns.Service, members []dns.Member, at dns.Place) []string {
	t.Helper()
	wanted, problems := dns.Desired(naming, s, members)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	i := slices.IndexFunc(wanted, func(w dns.Wanted) bool { return w.Name == naming.Name(s.Namespace, s.Name, at) })
	return wanted[i].Sets[0].Values
}

func TestLevelWithMoreBackendsThanANameCanHaveAddresses(t *testing.T) {
	members, s := thousand(1)
	global, region := named(t, s, members, dns.Place{}), named(t, s, members, dns.Place{Region: "r"})
	if len(global) != 60 || len(region) != 60 || slices.Equal(global, region) {
		t.Errorf("%d and %d addresses, want 60 each, and not the same: %v", len(global), len(region), global)
	}
	if got := named(t, s, members, dns.Place{Region: "r", Zone: "z7"}); len(got) != 1 {
		t.Errorf("a zone with one member has %v", got)
	}

	i := slices.IndexFunc(s.Backends, func(b dns.Backend) bool { return b.Addresses[0].String() == global[0] })
	s.Backends = slices.Delete(s.Backends, i, i+1)
	after := named(t, s, members, dns.Place{})
	kept := 0
	for _, address := range after {
		if slices.Contains(global, address) {
			kept++
		}
	}
	if len(after) != 60 || kept != 59 || slices.Contains(after, global[0]) {
		t.Errorf("%d addresses, of which %d were there before, without one member; want 60 and 59", len(after), kept)
	}
}

func TestMemberWithManyAddressesLeavesRoomForOthers(t *testing.T) {
	members, s := thousand(1)
	members, s.Backends = members[:3], s.Backends[:3]
	for j := range 250 {
		s.Backends[1].Addresses = append(s.Backends[1].Addresses, addressOf(250, j, true))
	}
	wanted, _ := dns.Desired(naming, s, members)
	total := 0
	for _, set := range wanted[0].Sets {
		total += len(set.Values)
	}
	for _, b := range []int{0, 2} {
		if address := s.Backends[b].Addresses[0].String(); !slices.Contains(wanted[0].Sets[0].Values, address) {
			t.Errorf("%s of member %s is left out: %v", address, s.Backends[b].Member, wanted[0].Sets)
		}
	}
	if total != 60 {
		t.Errorf("%d addresses, want 60", total)
	}
}
