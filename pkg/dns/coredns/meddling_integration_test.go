//go:build integration

package coredns

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/testutil/zoneserver"
)

// TestIntegrationForeignLeaves changes a name that leaves of others are at: those that are answered as the name's addresses are replaced, those
// that nobody understands stay.
func TestIntegrationForeignLeaves(t *testing.T) {
	server := zoneserver.Start(t, zoneName)
	client := server.Client(t)
	p := newProvider(t, server)
	const name, dir = "web.example.com.", "/skydns/com/example/web"
	a := func(values ...string) []dns.RecordSet {
		return []dns.RecordSet{{Name: name, Type: dns.A, TTL: 60, Values: values}}
	}
	ours := func(data string) (string, string) {
		return dir + "/" + leafName(dns.A, data, func(string) bool { return false }), encode(a(data)[0], data)
	}
	ourKey, ourValue := ours("192.0.2.1")
	otherKey, otherValue := ours("192.0.2.2")
	tests := []struct {
		name  string
		there map[string]string // keys and values
		after []dns.RecordSet
		want  map[string]string
	}{
		{name: "a leaf for SRV is an address, and goes", there: map[string]string{dir + "/x1": `{"host":"203.0.113.1","port":80}`},
			after: a("192.0.2.1"), want: map[string]string{ourKey: ourValue}},
		{name: "a leaf that says what is wanted stays where it is, as we would write it", there: map[string]string{dir + "/x1": `{"host":"192.0.2.1","ttl":30,"port":80}`},
			after: a("192.0.2.1"), want: map[string]string{dir + "/x1": ourValue}},
		{name: "the second leaf of an address goes", there: map[string]string{dir + "/x1": ourValue, ourKey: ourValue, otherKey: otherValue},
			after: a("192.0.2.1"), want: map[string]string{ourKey: ourValue}},
		{name: "a leaf in which another value lies is not overwritten", there: map[string]string{ourKey: `{"text":"mine","ttl":60}`},
			after: a("192.0.2.1"), want: map[string]string{
				ourKey: `{"text":"mine","ttl":60}`,
				dir + "/" + leafName(dns.A, "192.0.2.1", func(name string) bool { return dir+"/"+name == ourKey }): ourValue}},
		{name: "what nobody understands stays", there: map[string]string{dir + "/x1": `{}`, dir + "/x2": `<xml/>`, dir + "/x3": `{"host":"203.0.113.1"}`},
			after: a("192.0.2.1"), want: map[string]string{dir + "/x1": `{}`, dir + "/x2": `<xml/>`, ourKey: ourValue}},
		{name: "the name's own key, as in CoreDNS' documentation, goes", there: map[string]string{dir: `{"host":"203.0.113.1"}`},
			after: a("192.0.2.1"), want: map[string]string{ourKey: ourValue}},
		{name: "the name's own key goes too where it says what is wanted", there: map[string]string{dir: `{"host":"192.0.2.1"}`},
			after: a("192.0.2.1"), want: map[string]string{ourKey: ourValue}},
		{name: "names below and beside stay", there: map[string]string{
			dir + "/a/x": `{"host":"203.0.113.1"}`, dir + "-2/x": `{"host":"203.0.113.1"}`, dir + "0/x": `{"host":"203.0.113.1"}`, dir + "/x": `{"host":"203.0.113.2"}`},
			want: map[string]string{dir + "/a/x": `{"host":"203.0.113.1"}`, dir + "-2/x": `{"host":"203.0.113.1"}`, dir + "0/x": `{"host":"203.0.113.1"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := client.Delete(t.Context(), "/", clientv3.WithPrefix()); err != nil {
				t.Fatal(err)
			}
			for _, key := range slices.Sorted(maps.Keys(tt.there)) {
				put(t, client, key, tt.there[key])
			}
			unit := dns.Unit{Name: name}
			listed, err := p.Records(t.Context(), zone, zoneName)
			if err != nil {
				t.Fatal(err)
			}
			change := dns.Change{}
			for _, set := range listed {
				if set.Name == name && set.Type == dns.A {
					change.Before = &set
				}
			}
			if len(tt.after) > 0 {
				change.After = &tt.after[0]
			}
			unit.Changes = append(unit.Changes, change)
			if err := p.Apply(t.Context(), zone, []dns.Unit{unit}); err != nil {
				t.Fatal(err)
			}
			all, err := client.Get(t.Context(), "/", clientv3.WithPrefix())
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, kv := range all.Kvs {
				got[string(kv.Key)] = string(kv.Value)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("etcd after the change (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIntegrationSizes is about what fits into a transaction.
func TestIntegrationSizes(t *testing.T) {
	server := zoneserver.Start(t, zoneName)
	p := newProvider(t, server)
	unit := func(name string, before, after int) dns.Unit {
		set := func(n int) *dns.RecordSet {
			if n == 0 {
				return nil
			}
			s := &dns.RecordSet{Name: name, Type: dns.A, TTL: 60}
			for i := range n {
				s.Values = append(s.Values, fmt.Sprintf("10.0.0.%d", 10+i))
			}
			slices.Sort(s.Values)
			return s
		}
		return dns.Unit{Name: name, Changes: []dns.Change{{Before: set(before), After: set(after)}}}
	}
	for _, step := range []dns.Unit{unit("many.example.com.", 0, 120), unit("many.example.com.", 120, 80), unit("many.example.com.", 80, 0)} {
		if err := p.Apply(t.Context(), zone, []dns.Unit{step, unit("few.example.com.", 0, 2), unit("some.example.com.", 0, 70)}); err != nil {
			t.Fatalf("a name with up to 120 addresses: %v", err)
		}
		if err := p.Apply(t.Context(), zone, []dns.Unit{unit("few.example.com.", 2, 0), unit("some.example.com.", 70, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	err := p.Apply(t.Context(), zone, []dns.Unit{unit("many.example.com.", 0, 200), unit("few.example.com.", 0, 2)})
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || len(failed.Failed) != 1 || !errors.Is(failed.Failed["many.example.com."], dns.ErrRejected) {
		t.Errorf("a name with 200 addresses: %v, want ErrRejected for it alone", err)
	}
	if left, err := p.Records(t.Context(), zone, zoneName); err != nil || len(left) != 1 || left[0].Name != "few.example.com." {
		t.Errorf("the zone has %v, %v; want the other name alone", left, err)
	}
}
