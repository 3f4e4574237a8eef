package dns_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

var owner = dns.Owner{Federation: "f", UID: "uid", Adopt: []string{"old"}}

func set(name string, t dns.Type, values ...string) dns.RecordSet {
	return dns.RecordSet{Name: name, Type: t, TTL: 60, Values: values}
}

func markOf(name, federation, uid, service string) dns.RecordSet {
	text := dns.Mark{Federation: federation, UID: uid, Service: service}.Text()
	return dns.RecordSet{Name: dns.MarkName(name), Type: dns.TXT, TTL: 300, Values: []string{text}}
}

// changes are those of units, in their order, as "+" for what is made, "-" for what goes, and "~" for what is another then.
func changes(units []dns.Unit) []string {
	var all []string
	for _, u := range units {
		for _, c := range u.Changes {
			sign, about := "~", c.After
			switch {
			case c.Before == nil:
				sign = "+"
			case c.After == nil:
				sign, about = "-", c.Before
			}
			all = append(all, fmt.Sprintf("%s %s %s", sign, about.Name, about.Type))
		}
	}
	return all
}

func TestPlan(t *testing.T) {
	const name, mark = "web.example.com.", "_fedhelm.web.example.com."
	web := dns.Wanted{Name: name, Service: "ns/web", Sets: []dns.RecordSet{set(name, dns.A, "192.0.2.1")}}
	alias := dns.Wanted{Name: name, Service: "ns/web", Sets: []dns.RecordSet{set(name, dns.CNAME, "x.example.net.")}}
	ours, a := markOf(name, "f", "uid", "ns/web"), set(name, dns.A, "192.0.2.1")
	with := func(set dns.RecordSet, texts ...string) dns.RecordSet {
		set.Values = slices.Sorted(slices.Values(append(texts, set.Values...)))
		return set
	}
	otherMark, rivalMark := markOf(name, "f", "uid", "ns/other").Values[0], markOf(name, "g", "uid", "ns/web").Values[0]
	made := dns.Scope{Made: func(made string) bool { return made == name }}
	for _, tt := range []struct {
		name     string
		wanted   []dns.Wanted
		has      []dns.RecordSet
		scope    dns.Scope
		want     []string
		conflict string
	}{
		{name: "a name is made, its mark first", wanted: []dns.Wanted{web}, want: []string{"+ " + mark + " TXT", "+ " + name + " A"}},
		{name: "what is there needs nothing", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours, a}, scope: dns.Scope{All: true}},
		{name: "the TTL of a mark does not matter", wanted: []dns.Wanted{web}, has: []dns.RecordSet{{Name: mark, Type: dns.TXT, TTL: 1, Values: ours.Values}, a}},
		{name: "a mark without records gets them", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours}, want: []string{"+ " + name + " A"}},
		{name: "values are put right", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours, set(name, dns.A, "192.0.2.9")}, want: []string{"~ " + name + " A"}},
		{name: "the TTL is put right", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours, {Name: name, Type: dns.A, TTL: 9, Values: a.Values}}, want: []string{"~ " + name + " A"}},
		{name: "types that are not wanted go", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours, a, set(name, dns.AAAA, "2001:db8::1")}, want: []string{"- " + name + " AAAA"}},
		{name: "addresses go before a CNAME comes", wanted: []dns.Wanted{alias}, has: []dns.RecordSet{ours, a, set(name, dns.AAAA, "2001:db8::1")},
			want: []string{"- " + name + " A", "- " + name + " AAAA", "+ " + name + " CNAME"}},
		{name: "a CNAME goes before addresses come", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours, set(name, dns.CNAME, "x.example.net.")},
			want: []string{"- " + name + " CNAME", "+ " + name + " A"}},
		{name: "a mark that says another Service is put right", wanted: []dns.Wanted{web}, has: []dns.RecordSet{markOf(name, "f", "uid", "ns/other"), a}, want: []string{"~ " + mark + " TXT"}},
		{name: "a name of a federation that is adopted is taken over", wanted: []dns.Wanted{web}, has: []dns.RecordSet{markOf(name, "f", "old", "ns/web"), set(name, dns.A, "192.0.2.9")},
			want: []string{"~ " + mark + " TXT", "~ " + name + " A"}},
		{name: "a mark that was lost is put back", wanted: []dns.Wanted{web}, has: []dns.RecordSet{a}, scope: made, want: []string{"+ " + mark + " TXT"}},
		{name: "a mark that was lost is not put back to other records", wanted: []dns.Wanted{web}, has: []dns.RecordSet{set(name, dns.A, "192.0.2.9")}, scope: made, conflict: "did not make"},
		{name: "records without a mark are foreign", wanted: []dns.Wanted{web}, has: []dns.RecordSet{a}, conflict: "did not make"},
		{name: "another federation's name is foreign", wanted: []dns.Wanted{web}, has: []dns.RecordSet{markOf(name, "g", "uid", "ns/web")}, conflict: `federation "g" (uid uid)`},
		{name: "so is that of an earlier one", wanted: []dns.Wanted{web}, has: []dns.RecordSet{markOf(name, "f", "lost", "ns/web")}, conflict: `fedhelm upgrade f --set-json='controlPlane.controllerManager.dns.adoptUIDs=["lost"]'`},
		{name: "a text of somebody else's at the mark's name is foreign", wanted: []dns.Wanted{web}, has: []dns.RecordSet{set(mark, dns.TXT, "x")}, conflict: "no room"},
		{name: "beside our mark it is let be, and records are put right", wanted: []dns.Wanted{web}, has: []dns.RecordSet{with(ours, "x"), set(name, dns.A, "192.0.2.9")}, want: []string{"~ " + name + " A"}},
		{name: "where our mark must change beside it, nothing does", wanted: []dns.Wanted{web}, has: []dns.RecordSet{with(markOf(name, "f", "uid", "ns/other"), "x"), set(name, dns.A, "192.0.2.9")}, conflict: "remove that one"},
		{name: "nor where a federation is adopted", wanted: []dns.Wanted{web}, has: []dns.RecordSet{with(markOf(name, "f", "old", "ns/web"), "x"), a}, conflict: "remove that one"},
		{name: "records go from beside it, and our mark stays with it", has: []dns.RecordSet{with(ours, "x"), a}, scope: dns.Scope{All: true}, want: []string{"- " + name + " A"}, conflict: "remove that one"},
		{name: "and is told of when nothing else is left", has: []dns.RecordSet{with(ours, "x")}, scope: dns.Scope{Services: []string{"ns/web"}}, conflict: "remove that one"},
		{name: "several marks of ours become one", wanted: []dns.Wanted{web}, has: []dns.RecordSet{with(ours, otherMark), a}, want: []string{"~ " + mark + " TXT"}},
		{name: "a name that another federation has marked too is foreign", wanted: []dns.Wanted{web}, has: []dns.RecordSet{with(ours, rivalMark), set(name, dns.A, "192.0.2.9")}, conflict: `federation "g" (uid uid)`},
		{name: "and stays when nobody of ours wants it", has: []dns.RecordSet{with(ours, rivalMark), a}, scope: dns.Scope{All: true}, conflict: `federation "g" (uid uid)`},
		{name: "so is a CNAME there", wanted: []dns.Wanted{web}, has: []dns.RecordSet{set(mark, dns.CNAME, "x.example.net.")}, conflict: "no room"},
		{name: "a record without values is the provider's own", wanted: []dns.Wanted{web}, has: []dns.RecordSet{ours, set(name, dns.A)}, conflict: "alias"},
		{name: "other types are let be beside addresses", wanted: []dns.Wanted{web}, has: []dns.RecordSet{set(name, "MX", "10 x."), set(name, dns.TXT, "v=spf1")}, want: []string{"+ " + mark + " TXT", "+ " + name + " A"}},
		{name: "beside a CNAME they are a conflict", wanted: []dns.Wanted{alias}, has: []dns.RecordSet{ours, set(name, "MX", "10 x.")}, conflict: "(MX)"},
		{name: "signatures are no conflict", wanted: []dns.Wanted{alias}, has: []dns.RecordSet{set(name, "RRSIG"), set(name, "NSEC")}, want: []string{"+ " + mark + " TXT", "+ " + name + " CNAME"}},
		{name: "nothing goes without a scope", has: []dns.RecordSet{ours, a}},
		{name: "what nobody wants goes, its mark last", has: []dns.RecordSet{ours, a}, scope: dns.Scope{All: true}, want: []string{"- " + name + " A", "- " + mark + " TXT"}},
		{name: "so does a mark alone", has: []dns.RecordSet{ours}, scope: dns.Scope{All: true}, want: []string{"- " + mark + " TXT"}},
		{name: "of Services in scope, what is not wanted goes", has: []dns.RecordSet{ours, a}, scope: dns.Scope{Services: []string{"ns/web"}}, want: []string{"- " + name + " A", "- " + mark + " TXT"}},
		{name: "of others nothing does", has: []dns.RecordSet{ours, a}, scope: dns.Scope{Services: []string{"ns/other"}}},
		{name: "garbage of a federation that is adopted goes", has: []dns.RecordSet{markOf(name, "f", "old", "ns/web"), a}, scope: dns.Scope{All: true}, want: []string{"- " + name + " A", "- " + mark + " TXT"}},
		{name: "that of others does not", has: []dns.RecordSet{markOf(name, "f", "lost", "ns/web"), a, set("b.example.com.", dns.A, "192.0.2.2")}, scope: dns.Scope{All: true}},
		{name: "other types stay when a name goes", has: []dns.RecordSet{ours, a, set(name, "MX", "10 x.")}, scope: dns.Scope{All: true}, want: []string{"- " + name + " A", "- " + mark + " TXT"}},
		{name: "garbage with a record of the provider's own stays, and is told", has: []dns.RecordSet{ours, set(name, dns.AAAA)}, scope: dns.Scope{All: true}, conflict: "alias"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			units, conflicts := dns.Plan(owner, tt.wanted, dns.NewIndex(tt.has), tt.scope)
			if diff := cmp.Diff(tt.want, changes(units)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			switch {
			case tt.conflict == "" && len(conflicts) > 0:
				t.Errorf("conflicts %v, want none", conflicts)
			case tt.conflict != "" && (len(conflicts) != 1 || !strings.Contains(conflicts[0].Message, tt.conflict) || conflicts[0].Name != name || conflicts[0].Service != "ns/web"):
				t.Errorf("conflicts %v, want one with %q", conflicts, tt.conflict)
			}
		})
	}
}
