package dnsconfig

import (
	"strings"
	"testing"
)

func TestParseZone(t *testing.T) {
	tests := []struct {
		name, text string
		want       Zone
		says       []string // of the error
	}{
		{"what is needed", "provider=rfc2136,zone=example.com.", Zone{Provider: "rfc2136", Name: "example.com."}, nil},
		{"all of it, in any order", "suffix=fed.a.b.,config=/etc/x=y/c,zone-id=Z1,zone=a.b.,provider=aws-route53", Zone{
			Provider: "aws-route53", Name: "a.b.", ID: "Z1", File: "/etc/x=y/c", Suffix: "fed.a.b.",
		}, nil},
		{"nothing", "", Zone{}, []string{`"" must be one of provider=`}},
		{"no provider", "zone=a.b.", Zone{}, []string{"is not a DNS provider"}},
		{"a zone without its last dot", "provider=rfc2136,zone=a.b", Zone{}, []string{`"a.b."`}},
		{"everything wrong is said", "provider=rfc2136,provider=coredns,name=a", Zone{}, []string{"provider is given twice", `"name=a"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseZone(tt.text)
			if (err != nil) != (len(tt.says) > 0) {
				t.Fatalf("ParseZone = %v", err)
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q: %v", says, err)
				}
			}
			if err == nil && got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
