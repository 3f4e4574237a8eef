package dns_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// chance makes federations, Services and zones at random, and the same ones of the same seed.
type chance struct{ *rand.Rand }

func (c chance) members() []dns.Member {
	members := make([]dns.Member, 0, 6)
	for i := range c.IntN(6) {
		m := dns.Member{Name: fmt.Sprintf("m%d", i), Region: c.among("", "_", "south", "South", "west", "north.1")}
		for range c.IntN(4) {
			m.Zones = append(m.Zones, c.among("a", "A", "b", "south", "..", "c_1"))
		}
		members = append(members, m)
	}
	return members
}

// service may be backed by members that there are not.
func (c chance) service(name string) dns.Service {
	s := dns.Service{Namespace: "ns", Name: name, TTL: uint32(30 * (1 + c.IntN(2)))}
	for i := range 7 {
		b := dns.Backend{Member: fmt.Sprintf("m%d", i)}
		for range c.IntN(3) {
			b.Addresses = append(b.Addresses, addressOf(i, c.IntN(3), c.IntN(2) == 0))
		}
		if c.IntN(4) == 0 {
			b.Hostname = c.among("lb-1.example.net", "lb-2.example.net.", "web.ns.f.svc.example.com")
		}
		if c.IntN(2) == 0 {
			s.Backends = append(s.Backends, b)
		}
	}
	return s
}

// addressOf is a member's: its number is in it.
func addressOf(member, n int, six bool) netip.Addr {
	if six {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(member), 15: byte(n)})
	}
	return netip.AddrFrom4([4]byte{10, byte(member), 0, byte(n)})
}

func (c chance) among(of ...string) string { return of[c.IntN(len(of))] }

// zone is what others, earlier processes and meddlers left.
func (c chance) zone(wanted []dns.Wanted) []dns.RecordSet {
	names := []string{"www.example.com.", "stray.ns.f.svc.example.com.", "web.ns.f.svc.gone.example.com."}
	for _, w := range wanted {
		names = append(names, w.Name)
	}
	var sets []dns.RecordSet
	for _, name := range names {
		switch c.IntN(5) {
		case 0:
			sets = append(sets, markOf(name, c.among("f", "f", "f", "g"), c.among("uid", "uid", "old", "lost"), c.among("ns/web", "ns/api", "")))
		case 1:
			sets = append(sets, set(dns.MarkName(name), dns.TXT, "something else"))
		case 2:
			mark := markOf(name, "f", c.among("uid", "uid", "old"), c.among("ns/web", "ns/api"))
			beside := c.among("a text", "the text", markOf(name, "f", "uid", "ns/web").Values[0], markOf(name, "g", "uid", "ns/web").Values[0])
			mark.Values = slices.Compact(slices.Sorted(slices.Values([]string{mark.Values[0], beside})))
			sets = append(sets, mark)
		}
		switch c.IntN(5) {
		case 0:
			sets = append(sets, set(name, dns.CNAME, "elsewhere.example."))
		case 1:
			sets = append(sets, set(name, dns.A, "203.0.113.1"), set(name, "MX", "10 mail.example."))
		case 2:
			sets = append(sets, set(name, dns.AAAA, "2001:db8::99"))
		case 3: // what is wanted, but for its TTL
			for _, w := range wanted {
				if w.Name == name {
					first := w.Sets[0]
					first.TTL++
					sets = append(sets, first)
				}
			}
		}
	}
	return sets
}

// checkDesired fails the test unless a Service's names are as promised.
func checkDesired(t *testing.T, s dns.Service, members []dns.Member, wanted []dns.Wanted) {
	t.Helper()
	byName := map[string]dns.Wanted{}
	for _, w := range wanted {
		byName[w.Name] = w
	}
	backs := map[string]dns.Backend{}
	for _, b := range s.Backends {
		if len(b.Addresses) > 0 || strings.Contains(b.Hostname, "example.net") {
			backs[b.Member] = b
		}
	}
	backing := map[dns.Place]bool{}
	anywhere := false
	for _, m := range members {
		for _, place := range m.Places() {
			_, ok := backs[m.Name]
			backing[place] = backing[place] || ok
			anywhere = anywhere || ok
		}
	}
	if !anywhere && len(wanted) > 0 || anywhere && len(wanted) != len(backing) {
		t.Fatalf("%d names, want %d if something backs the Service (%t)", len(wanted), len(backing), anywhere)
	}
	for place, here := range backing {
		name := naming.Name(s.Namespace, s.Name, place)
		w, ok := byName[name]
		if anywhere && !ok {
			t.Fatalf("%s has no record", name)
		}
		for steps := 0; ok && w.Sets[0].Type == dns.CNAME; steps++ {
			next, inside := byName[w.Sets[0].Values[0]]
			if steps > 2 || inside && here {
				t.Fatalf("%s leads to %s", name, w.Sets[0].Values[0])
			}
			if !inside {
				if !strings.HasSuffix(w.Sets[0].Values[0], ".example.net.") {
					t.Fatalf("%s leads to %s, which is not there", name, w.Sets[0].Values[0])
				}
				break
			}
			w = next
		}
	}
	for _, w := range wanted {
		_, _, place, _ := naming.Parse(w.Name)
		checkTargets(t, w, place, members, backs)
	}
}

// checkTargets fails the test if a name leads to an address of a member that does not back the Service, or is elsewhere.
func checkTargets(t *testing.T, w dns.Wanted, place dns.Place, members []dns.Member, backs map[string]dns.Backend) {
	t.Helper()
	allowed := map[string]bool{}
	for _, m := range members {
		if slices.Contains(m.Places(), place) {
			for _, address := range backs[m.Name].Addresses {
				allowed[address.String()] = true
			}
		}
	}
	for _, set := range w.Sets {
		if set.Type == dns.CNAME {
			continue
		}
		if !slices.IsSorted(set.Values) || len(slices.Compact(slices.Clone(set.Values))) != len(set.Values) {
			t.Fatalf("%s: values are not sorted, each once: %v", w.Name, set.Values)
		}
		for _, value := range set.Values {
			if !allowed[value] {
				t.Fatalf("%s leads to %s, which is no address of a backend there", w.Name, value)
			}
		}
	}
}

// zoneOf is what a server has.
type zoneOf map[string]dns.RecordSet

func newZone(sets []dns.RecordSet) zoneOf {
	z := zoneOf{}
	for _, s := range sets {
		z[key(s)] = s
	}
	return z
}

func key(s dns.RecordSet) string { return s.Name + " " + string(s.Type) }

// apply makes units change by change. None may be stale, and nothing may be wrong in between: a process that dies leaves it so.
func (z zoneOf) apply(t *testing.T, units []dns.Unit) {
	t.Helper()
	for _, u := range units {
		for _, c := range u.Changes {
			about := c.After
			if about == nil {
				about = c.Before
			}
			had, ok := z[key(*about)]
			if ok != (c.Before != nil) || ok && !cmp.Equal(had, *c.Before) {
				t.Fatalf("%s is stale: it believes %v, there is %v", u.Name, c.Before, had)
			}
			delete(z, key(*about))
			if c.After != nil {
				z[key(*c.After)] = *c.After
			}
			z.checkStep(t, u.Name)
		}
	}
}

func (z zoneOf) checkStep(t *testing.T, name string) {
	t.Helper()
	has := func(t dns.Type) bool { _, ok := z[name+" "+string(t)]; return ok }
	addresses, alias := has(dns.A) || has(dns.AAAA), has(dns.CNAME)
	if addresses && alias {
		t.Fatalf("%s has addresses beside a CNAME for a moment", name)
	}
	if mark, ok := z[dns.MarkName(name)+" TXT"]; (addresses || alias) && (!ok || !strings.Contains(strings.Join(mark.Values, " "), "heritage=fedhelm")) {
		t.Fatalf("%s has records without a mark for a moment", name)
	}
}

// checkSeed holds Desired and Plan to all their promises, for one federation, one zone and two Services.
func checkSeed(t *testing.T, seed uint64) {
	t.Helper()
	c := chance{rand.New(rand.NewPCG(seed, 1))}
	members := c.members()
	var wanted []dns.Wanted
	for _, name := range []string{"web", "api"} {
		s := c.service(name)
		names, _ := dns.Desired(naming, s, members)
		checkDesired(t, s, members, names)
		wanted = append(wanted, names...)
	}
	before := c.zone(wanted)
	zone, index := newZone(before), dns.NewIndex(before)
	units, conflicts := dns.Plan(owner, wanted, index, dns.Scope{All: true})
	zone.apply(t, units)
	conflicting := map[string]bool{}
	for _, conflict := range conflicts {
		conflicting[conflict.Name] = true
	}
	for _, w := range wanted {
		if conflicting[w.Name] {
			continue
		}
		mark := markOf(w.Name, "f", "uid", w.Service)
		if is := zone[key(mark)]; !slices.Contains(is.Values, mark.Values[0]) {
			t.Fatalf("%s is marked by %q, want %q", w.Name, is.Values, mark.Values)
		}
		for _, s := range w.Sets {
			if diff := cmp.Diff(s, zone[key(s)]); diff != "" {
				t.Fatalf("%s %s is another (-want +got):\n%s", s.Name, s.Type, diff)
			}
		}
		for _, kind := range []dns.Type{dns.A, dns.AAAA, dns.CNAME} {
			left, there := zone[w.Name+" "+string(kind)]
			if there && !slices.ContainsFunc(w.Sets, func(s dns.RecordSet) bool { return s.Type == kind }) {
				t.Fatalf("%v is left of what was there before", left)
			}
		}
	}
	checkForeign(t, before, zone, wanted, conflicting)

	for _, u := range units {
		index.Apply(u)
	}
	for about, index := range map[string]*dns.Index{"the index that was changed": index, "a new listing": dns.NewIndex(slices.Collect(maps.Values(zone)))} {
		again, still := dns.Plan(owner, wanted, index, dns.Scope{All: true})
		if len(again) > 0 {
			t.Fatalf("by %s, %v is to be changed after all was made", about, changes(again))
		}
		if diff := cmp.Diff(conflicts, still); diff != "" {
			t.Fatalf("by %s, conflicts are others after all was made:\n%s", about, diff)
		}
	}
	gone, _ := dns.Plan(owner, nil, index, dns.Scope{All: true})
	zone.apply(t, gone)
	checkForeign(t, before, zone, nil, conflicting)
	for _, s := range zone {
		if !shared(s) && strings.Contains(strings.Join(s.Values, " "), "federation=f,uid=uid") {
			t.Fatalf("%v is left when nothing is wanted", s)
		}
	}
}

// shared tells whether a set has a text that is no mark of the owner's.
func shared(s dns.RecordSet) bool {
	return s.Type == dns.TXT && slices.ContainsFunc(s.Values, func(text string) bool {
		mark, ok := dns.ParseMark(text)
		return !ok || !owner.Owns(mark)
	})
}

// checkForeign fails the test unless all is there that was, and was not the owner's.
func checkForeign(t *testing.T, before []dns.RecordSet, after zoneOf, wanted []dns.Wanted, conflicting map[string]bool) {
	t.Helper()
	ours := map[string]bool{}
	for name, mark := range dns.NewIndex(before).Marked() {
		ours[name] = owner.Owns(mark)
	}
	for _, s := range before {
		if name, is := strings.CutPrefix(s.Name, "_fedhelm."); is && strings.Contains(strings.Join(s.Values, " "), "federation=g") {
			ours[name] = false
		}
	}
	wants := map[string]bool{}
	for _, w := range wanted {
		wants[w.Name] = !conflicting[w.Name]
	}
	for _, s := range before {
		name := strings.TrimPrefix(s.Name, "_fedhelm.")
		foreign := s.Type == "MX" || shared(s) || !ours[name] && !wants[name]
		if foreign && !cmp.Equal(after[key(s)], s) {
			t.Fatalf("foreign %v has become %v", s, after[key(s)])
		}
	}
	for name := range conflicting {
		for _, t2 := range []dns.Type{dns.A, dns.AAAA, dns.CNAME} {
			had, has := newZone(before)[name+" "+string(t2)], after[name+" "+string(t2)]
			if !ours[name] && !cmp.Equal(had, has) {
				t.Fatalf("%s conflicts, and its %s has become %v, was %v", name, t2, has, had)
			}
		}
	}
}

func TestPromisesHoldForAnyFederation(t *testing.T) {
	for seed := range uint64(1000) {
		if checkSeed(t, seed); t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func FuzzPromises(f *testing.F) {
	f.Add(uint64(1001))
	f.Fuzz(checkSeed)
}
