package dnstest

import (
	"errors"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// testStale changes records past the provider; units that do not know of it must fail, alone, and leave what is there.
func testStale(t *testing.T, h Harness) {
	was := func(name string) dns.RecordSet { return set(h.name(name), dns.A, 60, "192.0.2.1") }
	wants := func(name string) dns.RecordSet { return set(h.name(name), dns.A, 60, "192.0.2.2") }
	theirs := func(name string) dns.RecordSet { return set(h.name(name), dns.A, 60, "203.0.113.66") }
	one := func(s dns.RecordSet) []dns.RecordSet { return []dns.RecordSet{s} }
	type stale struct {
		name   string
		there  []dns.RecordSet // what somebody else left
		before []dns.RecordSet // what the unit believes
		after  []dns.RecordSet
	}
	cases := []stale{
		{name: "changed", there: one(theirs("changed")), before: one(was("changed")), after: one(wants("changed"))},
		{name: "gone", before: one(was("gone")), after: one(wants("gone"))},
		{name: "gone-to-remove", before: one(was("gone-to-remove"))},
		{name: "changed-to-remove", there: one(theirs("changed-to-remove")), before: one(was("changed-to-remove"))},
		{name: "came", there: one(theirs("came")), after: one(wants("came"))},
		{name: "came-alike", there: one(wants("came-alike")), after: one(wants("came-alike"))},
		{name: "one-more", there: one(set(h.name("one-more"), dns.A, 60, "192.0.2.1", "203.0.113.66")), before: one(was("one-more")), after: one(wants("one-more"))},
		{name: "one-less", there: one(was("one-less")), before: one(set(h.name("one-less"), dns.A, 60, "192.0.2.1", "192.0.2.9")), after: one(wants("one-less"))},
		{name: "mark-came", there: one(set(h.name("_fedhelm.mark-came"), dns.TXT, 300, "theirs")),
			after: []dns.RecordSet{set(h.name("_fedhelm.mark-came"), dns.TXT, 300, "ours"), was("mark-came")}},
		{name: "mark-changed", there: []dns.RecordSet{set(h.name("_fedhelm.mark-changed"), dns.TXT, 300, "theirs"), was("mark-changed")},
			before: []dns.RecordSet{was("mark-changed"), set(h.name("_fedhelm.mark-changed"), dns.TXT, 300, "ours")}},
	}
	if h.TTLCompared {
		cases = append(cases, stale{name: "ttl", there: one(set(h.name("ttl"), dns.A, 61, "192.0.2.1")), before: one(was("ttl")), after: one(wants("ttl"))})
	}
	var units []dns.Unit
	var made, names []string
	want := h.list(t, h.Zone.Name)
	for _, c := range cases {
		if len(c.there) == 0 && len(c.before) > 0 {
			h.apply(t, unit(h.name(c.name), nil, c.before))
			for _, s := range c.before {
				h.Remove(t, s.Name, s.Type)
			}
		}
		for _, s := range c.there {
			h.Put(t, s)
		}
		fine := was("fine-" + c.name) // one that is made, before each that is not
		units = append(units, unit(fine.Name, nil, one(fine)), unit(h.name(c.name), c.before, c.after))
		made = append(made, fine.Name)
		want = append(append(want, fine), c.there...)
		names = append(names, h.name(c.name))
	}
	err := h.Provider.Apply(t.Context(), h.Zone, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) {
		t.Fatalf("Apply = %v, want *dns.UnitErrors", err)
	}
	slices.Sort(names)
	if diff := gocmp.Diff(names, slices.Sorted(maps.Keys(failed.Failed))); diff != "" {
		t.Errorf("units that failed (-want +got):\n%s", diff)
	}
	for name, err := range failed.Failed {
		if !errors.Is(err, dns.ErrStale) {
			t.Errorf("unit %s failed with %v, want ErrStale", name, err)
		}
	}
	got := h.list(t, h.Zone.Name)
	for _, name := range made {
		if !slices.ContainsFunc(got, func(s dns.RecordSet) bool { return s.Name == name }) {
			t.Errorf("unit %s was not made, though it was not stale", name)
		}
	}
	// A server that is not atomic may have made a part of a unit.
	if diff := gocmp.Diff(sorted(want), got); diff != "" && h.Atomic {
		t.Errorf("the zone after units that fail and others (-want +got):\n%s", diff)
	}
}
