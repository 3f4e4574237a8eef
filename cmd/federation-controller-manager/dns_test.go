package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestZones(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []dnsZone
	}{
		{name: "none without a provider", args: []string{"--dns-provider=none"}},
		{
			name: "the zone's name is the suffix",
			want: []dnsZone{{provider: "coredns", name: "example.com.", config: "/etc/federation/dns-provider/federation-dns-provider.conf", suffix: "example.com."}},
		},
		{
			name: "a suffix may lie in the zone, and have no dot at its end", args: []string{"--service-dns-suffix=Fed.example.com", "--zone-id=Z1", "--dns-provider-config="},
			want: []dnsZone{{provider: "coredns", name: "example.com.", id: "Z1", suffix: "fed.example.com."}},
		},
		{
			name: "there may be more zones, also of one name",
			args: []string{"--dns-provider-config=", "--dns-zone=provider=aws-route53,zone=example.com.,zone-id=Z1,config=/c", "--dns-zone=provider=aws-route53,zone=example.com.,zone-id=Z2,config=/c,suffix=a.example.com."},
			want: []dnsZone{
				{provider: "coredns", name: "example.com.", suffix: "example.com."},
				{provider: "aws-route53", name: "example.com.", id: "Z1", config: "/c", suffix: "example.com."},
				{provider: "aws-route53", name: "example.com.", id: "Z2", config: "/c", suffix: "a.example.com."},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parse(append(good[:len(good):len(good)], tt.args...), &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := o.dns.zones()
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(dnsZone{})); err != nil || diff != "" {
				t.Errorf("zones: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}
