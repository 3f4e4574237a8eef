package dnstest

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// testMarks has texts of somebody else's beside the marks of names, which servers hold as one record set: the names are kept right and go, and
// the texts stay, however the provider reads and writes such a set.
func testMarks(t *testing.T, h Harness) {
	owner := dns.Owner{Federation: "fellowship", UID: "6d0c"}
	web, moved, rival := h.name("web.default.fellowship.svc"), h.name("moved.default.fellowship.svc"), h.name("rival.default.fellowship.svc")
	marked := func(name, service string, beside ...string) dns.RecordSet {
		text := dns.Mark{Federation: owner.Federation, UID: owner.UID, Service: service}.Text()
		return set(dns.MarkName(name), dns.TXT, 300, append(beside, text)...)
	}
	long := strings.Repeat("what somebody else says ", 20)
	shared := []dns.RecordSet{
		marked(web, "default/web", `a "text"`, "v=spf1 -all", long),
		marked(moved, "default/other", "zzz"),
		marked(rival, "default/rival", dns.Mark{Federation: "mordor", UID: "1", Service: "default/rival"}.Text()),
	}
	stale := []dns.RecordSet{set(web, dns.A, 60, "203.0.113.66"), set(moved, dns.A, 60, "203.0.113.67"), set(rival, dns.A, 60, "203.0.113.68")}
	for i := range shared {
		h.Put(t, shared[i])
		h.Put(t, stale[i])
	}
	want := func(name, service string) dns.Wanted {
		return dns.Wanted{Name: name, Service: service, Sets: []dns.RecordSet{set(name, dns.A, 60, "192.0.2.1")}}
	}
	all := []dns.Wanted{want(web, "default/web"), want(moved, "default/moved"), want(rival, "default/rival")}
	for _, step := range []struct {
		name      string
		wanted    []dns.Wanted
		has       []dns.RecordSet // besides what is shared
		conflicts []string
	}{
		{name: "records are put right where the mark says the Service already", wanted: all,
			has: []dns.RecordSet{set(web, dns.A, 60, "192.0.2.1"), stale[1], stale[2]}, conflicts: []string{moved, rival}},
		{name: "what has no other federation's mark loses its records", has: []dns.RecordSet{stale[2]}, conflicts: []string{moved, rival, web}},
		{name: "a name whose mark has stayed is made again", wanted: all[:1], has: []dns.RecordSet{set(web, dns.A, 60, "192.0.2.1"), stale[2]}, conflicts: []string{moved, rival}},
	} {
		t.Log(step.name)
		units, conflicts := dns.Plan(owner, step.wanted, dns.NewIndex(h.list(t, h.Zone.Name)), dns.Scope{All: true})
		h.apply(t, units...)
		h.has(t, h.name("default.fellowship.svc"), append(step.has, shared...)...)
		var names []string
		for _, c := range conflicts {
			names = append(names, c.Name)
		}
		if diff := gocmp.Diff(step.conflicts, names); diff != "" {
			t.Errorf("%s: conflicts (-want +got):\n%s", step.name, diff)
		}
		if units, _ := dns.Plan(owner, step.wanted, dns.NewIndex(h.list(t, h.Zone.Name)), dns.Scope{All: true}); len(units) > 0 {
			t.Fatalf("%s: still to be made: %+v", step.name, units)
		}
	}
}
