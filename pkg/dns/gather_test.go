package dns_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

func TestGather(t *testing.T) {
	part := func(name string, typ dns.Type, ttl uint32, values ...string) dns.RecordSet {
		return dns.RecordSet{Name: name, Type: typ, TTL: ttl, Values: values}
	}
	tests := []struct {
		name  string
		parts []dns.RecordSet
		want  []dns.RecordSet
	}{
		{name: "nothing is nothing", want: nil},
		{name: "parts of one name and type are one set, whatever lies between",
			parts: []dns.RecordSet{part("b.", dns.A, 60, "2"), part("a.", dns.A, 60, "1"), part("b.", dns.AAAA, 60, "::1"), part("b.", dns.A, 60, "1")},
			want:  []dns.RecordSet{part("a.", dns.A, 60, "1"), part("b.", dns.A, 60, "1", "2"), part("b.", dns.AAAA, 60, "::1")}},
		{name: "a value is there once", parts: []dns.RecordSet{part("a.", dns.A, 60, "1"), part("a.", dns.A, 60, "1")}, want: []dns.RecordSet{part("a.", dns.A, 60, "1")}},
		{name: "TTLs that disagree are none", parts: []dns.RecordSet{part("a.", dns.A, 60, "1"), part("a.", dns.A, 30, "2"), part("a.", dns.A, 60, "3")},
			want: []dns.RecordSet{part("a.", dns.A, 0, "1", "2", "3")}},
		{name: "types without values have none", parts: []dns.RecordSet{part("a.", "MX", 60), part("a.", "MX", 60)}, want: []dns.RecordSet{part("a.", "MX", 60)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dns.Gather(tt.parts)); diff != "" {
				t.Errorf("Gather (-want +got):\n%s", diff)
			}
		})
	}
}
