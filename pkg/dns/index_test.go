package dns_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

func TestIndexOfParts(t *testing.T) {
	part := func(ttl uint32, values ...string) dns.RecordSet {
		return dns.RecordSet{Name: "web.example.com.", Type: dns.A, TTL: ttl, Values: values}
	}
	for _, tt := range []struct {
		name  string
		parts []dns.RecordSet
		want  dns.RecordSet
	}{
		{name: "parts are one set, each value once", parts: []dns.RecordSet{part(60, "192.0.2.1"), part(60, "192.0.2.1", "192.0.2.2")}, want: part(60, "192.0.2.1", "192.0.2.2")},
		{name: "TTLs that disagree are none", parts: []dns.RecordSet{part(60, "192.0.2.1"), part(30, "192.0.2.2")}, want: part(0, "192.0.2.1", "192.0.2.2")},
		{name: "also if two agree", parts: []dns.RecordSet{part(60, "192.0.2.1"), part(30, "192.0.2.2"), part(60, "192.0.2.3")}, want: part(0, "192.0.2.1", "192.0.2.2", "192.0.2.3")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range tt.parts { // whichever is the last one
				tt.parts = append(tt.parts[1:], tt.parts[0])
				if diff := cmp.Diff([]dns.RecordSet{tt.want}, dns.NewIndex(slices.Clone(tt.parts)).At("web.example.com.")); diff != "" {
					t.Errorf("NewIndex(%v) (-want +got):\n%s", tt.parts, diff)
				}
				if diff := cmp.Diff(dns.Gather(tt.parts), dns.NewIndex(tt.parts).At("web.example.com.")); diff != "" {
					t.Errorf("Gather and NewIndex of %v (-Gather +NewIndex):\n%s", tt.parts, diff)
				}
			}
		})
	}
}
