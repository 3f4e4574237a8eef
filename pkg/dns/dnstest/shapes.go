package dnstest

import (
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// testShapes takes a name through what a federation does with it: each step is one unit, and what it leaves is listed.
func testShapes(t *testing.T, h Harness) {
	web := h.name("web.default.fellowship.svc")
	mark := set("_fedhelm."+web, dns.TXT, 300, "heritage=fedhelm,federation=fellowship,uid=6d0c,service=default/web")
	var before []dns.RecordSet
	for _, step := range []struct {
		name  string
		after []dns.RecordSet
	}{
		{name: "an address with its mark is made", after: []dns.RecordSet{mark, set(web, dns.A, 60, "192.0.2.1")}},
		{name: "a set has several values", after: []dns.RecordSet{mark, set(web, dns.A, 60, "192.0.2.1", "192.0.2.20", "192.0.2.3")}},
		{name: "one value of several goes, another comes", after: []dns.RecordSet{mark, set(web, dns.A, 60, "192.0.2.1", "192.0.2.3", "198.51.100.4")}},
		{name: "IPv6 addresses are beside", after: []dns.RecordSet{mark, set(web, dns.A, 60, "192.0.2.1"), set(web, dns.AAAA, 60, "2001:db8:0:1::", "2001:db8::1")}},
		{name: "only the TTL changes", after: []dns.RecordSet{mark, set(web, dns.A, 30, "192.0.2.1"), set(web, dns.AAAA, 86400, "2001:db8:0:1::", "2001:db8::1")}},
		{name: "IPv6 alone stays", after: []dns.RecordSet{mark, set(web, dns.AAAA, 30, "2001:db8::1")}},
		{name: "addresses become a CNAME", after: []dns.RecordSet{mark, set(web, dns.CNAME, 60, h.name("other.default.fellowship.svc"))}},
		{name: "a CNAME changes to a name outside of the zone", after: []dns.RecordSet{mark, set(web, dns.CNAME, 60, "lb-1.elsewhere.example.")}},
		{name: "a CNAME becomes addresses", after: []dns.RecordSet{mark, set(web, dns.A, 60, "192.0.2.1"), set(web, dns.AAAA, 60, "2001:db8::1")}},
		{name: "the mark alone changes", after: []dns.RecordSet{set(mark.Name, dns.TXT, 300, mark.Values[0]+"x"), set(web, dns.A, 60, "192.0.2.1"), set(web, dns.AAAA, 60, "2001:db8::1")}},
		{name: "a name has as many addresses as it can", after: []dns.RecordSet{mark, set(web, dns.A, 60, addresses(60)...)}},
		{name: "all of them change, and the mark", after: []dns.RecordSet{set(mark.Name, dns.TXT, 300, mark.Values[0]+"x"), set(web, dns.AAAA, 60, embedded(60)...)}},
		{name: "all goes"},
		{name: "it is made again", after: []dns.RecordSet{mark, set(web, dns.A, 60, "192.0.2.1")}},
	} {
		t.Log(step.name)
		h.apply(t, unit(web, before, step.after))
		h.has(t, web, step.after...)
		before = step.after
	}
}

// testLimits makes what is as long, or as odd, as names and values may be.
func testLimits(t *testing.T, h Harness) {
	long := func(letter string) string { return strings.Repeat(letter, 63) }
	room := 253 - len("_fedhelm.") - len(strings.TrimSuffix(h.Zone.Name, ".")) - 1 - 2*64
	longest := h.name(long("a") + "." + long("b") + "." + strings.Repeat("c", min(room, 63)))
	for room -= 64; room > 0; room -= 64 {
		longest = strings.Repeat("d", min(room, 63)) + "." + longest
	}
	for _, tt := range []struct {
		name string
		sets []dns.RecordSet
	}{
		{name: "the longest name and its mark", sets: []dns.RecordSet{set(longest, dns.A, 60, "192.0.2.1"), set("_fedhelm."+longest, dns.TXT, 300, "x")}},
		{name: "the longest target", sets: []dns.RecordSet{set(h.name("to-long"), dns.CNAME, 60, longest)}},
		{name: "a text of more than 255 octets", sets: []dns.RecordSet{set(h.name("text"), dns.TXT, 300, strings.Repeat("0123456789", 60))}},
		{name: "a text with quotes and backslashes", sets: []dns.RecordSet{set(h.name("quoted"), dns.TXT, 300, `say "friend", and \enter\; $TTL @ (x)`)}},
		{name: "several texts", sets: []dns.RecordSet{set(h.name("texts"), dns.TXT, 300, "a b", "c=d", "e,f")}},
		{name: "labels of digits and hyphens", sets: []dns.RecordSet{set(h.name("0.1--2.a-b"), dns.A, 60, "192.0.2.1")}},
		{name: "TTL of a second", sets: []dns.RecordSet{set(h.name("hasty"), dns.A, 1, "192.0.2.1")}},
		{name: "a hundred addresses", sets: []dns.RecordSet{set(h.name("hundred"), dns.A, 60, addresses(100)...)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := tt.sets[0].Name
			h.apply(t, unit(name, nil, tt.sets))
			h.has(t, name, tt.sets...)
			h.apply(t, unit(name, tt.sets, nil))
			h.has(t, name)
		})
	}
}

// testUnder lists a part of the zone.
func testUnder(t *testing.T, h Harness) {
	inside := []dns.RecordSet{set(h.name("part"), dns.A, 60, "192.0.2.1"), set(h.name("a.part"), dns.A, 60, "192.0.2.2"), set(h.name("b.a.part"), dns.CNAME, 60, "x.example.")}
	outside := []dns.RecordSet{set(h.name("apart"), dns.A, 60, "192.0.2.3"), set(h.name("part.b"), dns.A, 60, "192.0.2.4"), set(h.name("a"), dns.A, 60, "192.0.2.5")}
	for _, sets := range [][]dns.RecordSet{inside, outside} {
		for _, s := range sets {
			h.apply(t, unit(s.Name, nil, []dns.RecordSet{s}))
		}
	}
	h.has(t, h.name("part"), inside...)
	h.has(t, h.name("a.part"), inside[1:]...)
	h.has(t, h.name("nothing"))
	h.has(t, h.name("b"), outside[1])
	got := map[string]bool{}
	for _, s := range h.list(t, h.Zone.Name) {
		got[s.Name] = true
	}
	for _, s := range slices.Concat(inside, outside) {
		if !got[s.Name] {
			t.Errorf("Records of all the zone lack %s", s.Name)
		}
	}
}
