package coredns

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

var skydns = layout{root: "/skydns"}

func TestKeysAreThoseOfV1(t *testing.T) {
	for name, want := range map[string]string{
		"web.default.fellowship.svc.example.com.":                   "/skydns/com/example/svc/fellowship/default/web",
		"web.default.fellowship.svc.eu-west.example.com.":           "/skydns/com/example/eu-west/svc/fellowship/default/web",
		"web.default.fellowship.svc.eu-west-a.eu-west.example.com.": "/skydns/com/example/eu-west/eu-west-a/svc/fellowship/default/web",
		"_fedhelm.web.default.fellowship.svc.example.com.":          "/skydns/com/example/svc/fellowship/default/web/_fedhelm",
	} {
		if got := skydns.key(name); got != want {
			t.Errorf("key(%q) = %q, want %q", name, got, want)
		}
		if got := skydns.name(want); got != name {
			t.Errorf("name(%q) = %q, want %q", want, got, name)
		}
	}
}

func TestLeavesAreThoseOfV1(t *testing.T) {
	set := dns.RecordSet{Name: "web.default.fellowship.svc.example.com.", Type: dns.A, TTL: 180, Values: []string{"10.20.30.40"}}
	if got, want := encode(set, set.Values[0]), `{"host":"10.20.30.40","ttl":180,"group":"web.default.fellowship.svc.example.com"}`; got != want {
		t.Errorf("a leaf is %s, want %s", got, want)
	}
	free := func(string) bool { return false }
	if got, want := leafName(dns.A, "10.20.30.40", free), "6558a935"; got != want {
		t.Errorf("leafName = %q, want %q, the FNV-1a of the data", got, want)
	}
	if got, want := leafName(dns.CNAME, "web.example.com.", free), leafName(dns.TXT, "web.example.com", free); got != want {
		t.Errorf("the name of a CNAME's leaf is %q, want that of its target without a dot, %q", got, want)
	}
	first := leafName(dns.A, "10.20.30.40", free)
	if got := leafName(dns.A, "10.20.30.40", func(name string) bool { return name == first }); got == first {
		t.Errorf("a name that is taken is given again: %q", got)
	}
}

func TestNamesThatThePluginUsesItself(t *testing.T) {
	zone := dns.Zone{ID: "example.com.", Name: "example.com."}
	tests := []struct {
		name    string
		refused bool
	}{
		{"web.default.fellowship.svc.ns.dns.example.com.", true}, // zone ns of region dns
		{"web.default.fellowship.svc.apex.dns.example.com.", true},
		{"ns.dns.example.com.", true},
		{"web.default.any.svc.example.com.", true},
		{"web.default.fellowship.svc.dns.example.com.", false},
		{"web.default.fellowship.svc.ns.example.com.", false},
		{"web.default.fellowship.svc.a.dns.example.com.", false},
		{"web.default.fellowship.svc.ns.dns.fed.example.com.", false}, // below a suffix
	}
	for _, tt := range tests {
		set := dns.RecordSet{Name: tt.name, Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
		unit := func(c dns.Change) dns.Unit { return dns.Unit{Name: tt.name, Changes: []dns.Change{c}} }
		if _, err := skydns.guess(zone, unit(dns.Change{After: &set})); errors.Is(err, dns.ErrRejected) != tt.refused {
			t.Errorf("%q: refused is %t, error %v", tt.name, !tt.refused, err)
		}
		if _, err := skydns.guess(zone, unit(dns.Change{Before: &set})); err != nil {
			t.Errorf("%q cannot be removed: %v", tt.name, err)
		}
	}
}

func TestLeavesAreReadAsThePluginReadsThem(t *testing.T) {
	const web = "/skydns/com/example/web"
	set := func(name string, typ dns.Type, ttl uint32, values ...string) dns.RecordSet {
		return dns.RecordSet{Name: name, Type: typ, TTL: ttl, Values: values}
	}
	tests := []struct {
		name string
		kvs  []string // key, value, …
		want []dns.RecordSet
	}{
		{name: "leaves of one name and type are one set, sorted, each value once",
			kvs:  []string{web + "/a/x", `{"host":"192.0.2.2","ttl":60}`, web + "/a/y", `{"host":"192.0.2.1","ttl":60}`, web + "/a/z", `{"host":"192.0.2.1","ttl":60,"group":"g"}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 60, "192.0.2.1", "192.0.2.2")}},
		{name: "types are told apart by the host",
			kvs:  []string{web + "/a/1", `{"host":"2001:DB8::1","ttl":60}`, web + "/a/2", `{"host":"Other.example.com","ttl":60}`, web + "/a/3", `{"host":"::ffff:192.0.2.1","ttl":60}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 60, "192.0.2.1"), set("a.web.example.com.", dns.AAAA, 60, "2001:db8::1"), set("a.web.example.com.", dns.CNAME, 60, "other.example.com.")}},
		{name: "a leaf for SRV is an address all the same, for it is answered as one",
			kvs:  []string{web + "/a/x", `{"host":"192.0.2.1","port":8080,"priority":10,"weight":5,"ttl":60}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 60, "192.0.2.1")}},
		{name: "a text wins over a host that is a name", kvs: []string{web + "/a/x", `{"host":"ignored","text":"hello","ttl":60}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.TXT, 60, "hello")}},
		{name: "a TTL that is not said is the plug-in's", kvs: []string{web + "/a/x", `{"host":"192.0.2.1"}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 300, "192.0.2.1")}},
		{name: "TTLs that disagree are none",
			kvs:  []string{web + "/a/x", `{"host":"192.0.2.1","ttl":60}`, web + "/a/y", `{"host":"192.0.2.2","ttl":30}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 0, "192.0.2.1", "192.0.2.2")}},
		{name: "what is not JSON, and what has neither host nor text, is passed over",
			kvs: []string{web + "/a/x", `host`, web + "/a/y", `{"port":80}`, web + "/a/z", ``}},
		{name: "keys that no query leads to are passed over",
			kvs: []string{web + "/A/x", `{"host":"192.0.2.1"}`, web + "/a.b/x", `{"host":"192.0.2.1"}`, web + "//x", `{"host":"192.0.2.1"}`}},
		{name: "a key with nothing below it is also a name, unless it is named as a leaf of ours",
			kvs:  []string{web + "/a/b", `{"host":"192.0.2.1","ttl":60}`, web + "/a/" + leafName(dns.A, "192.0.2.2", func(string) bool { return false }), `{"host":"192.0.2.2","ttl":60}`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 60, "192.0.2.1", "192.0.2.2"), set("b.a.web.example.com.", dns.A, 60, "192.0.2.1")}},
		{name: "a key with something below it is only a leaf",
			kvs:  []string{web + "/a/b", `{"host":"192.0.2.1","ttl":60}`, web + "/a/b-c/" + leafName(dns.A, "192.0.2.2", func(string) bool { return false }), `{"host":"192.0.2.2","ttl":60}`, web + "/a/b/_fedhelm/x", `not JSON`},
			want: []dns.RecordSet{set("a.web.example.com.", dns.A, 60, "192.0.2.1"), set("b-c.a.web.example.com.", dns.A, 60, "192.0.2.2")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var kvs []*mvccpb.KeyValue
			for i := 0; i < len(tt.kvs); i += 2 {
				kvs = append(kvs, &mvccpb.KeyValue{Key: []byte(tt.kvs[i]), Value: []byte(tt.kvs[i+1])})
			}
			var got []dns.RecordSet
			for _, set := range sets(skydns.leaves(kvs)) {
				if !slices.Contains([]string{"x", "y", "z", "1", "2", "3"}, strings.SplitN(set.Name, ".", 2)[0]) { // leaves of these tests are names, too
					got = append(got, set)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("record sets (-want +got):\n%s", diff)
			}
		})
	}
}
