package chart

import (
	"strings"
	"testing"
)

func TestValidateDNS(t *testing.T) {
	tests := []struct {
		name string
		dns  DNS
		want []string
	}{
		{name: "no DNS at all is fine"},
		{name: "a provider with its zone", dns: DNS{Provider: "aws-route53", Zone: "example.com."}},
		{name: "a zone alone is fine: members' DNS may need it", dns: DNS{Zone: "example.com."}},
		{name: "an unknown provider", dns: DNS{Provider: "azure", Zone: "example.com."}, want: []string{"aws-route53, coredns, google-clouddns, rfc2136"}},
		{name: "a provider needs a zone", dns: DNS{Provider: "coredns"}, want: []string{"--dns-zone-name"}},
		{name: "a zone ends with a dot", dns: DNS{Provider: "coredns", Zone: "example.com"}, want: []string{`must end with a dot: "example.com."`}},
		{name: "a zone is a name", dns: DNS{Zone: "exa mple.com."}, want: []string{"not the name of a DNS zone"}},
		{name: "the root is no zone for a federation", dns: DNS{Zone: "."}, want: []string{"not the name of a DNS zone"}},
		{name: "a configuration needs a provider", dns: DNS{Config: []byte("[Global]\n")}, want: []string{"without --dns-provider"}},
		{name: "the guide's CoreDNS example", dns: coreDNS("[Global]\netcd-endpoints = http://etcd-cluster.ns:2379\nzones = example.com.\ncoredns-endpoints = 10.0.0.53:53\n")},
		{name: "the section may be spelt in small letters, with comments", dns: coreDNS("; a comment\n[global]\n# another\netcd-endpoints = http://etcd:2379\nzones = example.com.\n")},
		{name: "an empty section is fine where the machine tells", dns: DNS{Provider: "aws-route53", Zone: "example.com.", Config: []byte("[Global]\n")}},
		{name: "an empty section is not enough for CoreDNS", dns: coreDNS("[Global]\n"), want: []string{"--dns-provider-config: zones: is needed", "--dns-provider-config: etcd-endpoints: is needed"}},
		{name: "a key that is not base64", dns: DNS{Provider: "rfc2136", Zone: "example.com.", Config: []byte("[Global]\nserver = ns1\nzones = example.com.\ntsig-name = k\ntsig-secret = !\n")}, want: []string{"tsig-secret: is not base64"}},
		{name: "a file for other zones", dns: coreDNS("[Global]\netcd-endpoints = http://a\nzones = example.org.\n"), want: []string{"zones: example.com. is missing"}},
		{name: "a file that will not be in the Secret", dns: coreDNS("[Global]\netcd-endpoints = https://a\nzones = example.com.\netcd-ca-file = ca.crt\n"), want: []string{"etcd-ca-file: names a file that is not beside the configuration"}},
		{name: "a file of the machine", dns: coreDNS("[Global]\netcd-endpoints = https://a\nzones = example.com.\netcd-ca-file = /etc/ssl/ca.crt\n")},
		{name: "an empty file has no section", dns: coreDNS(""), want: []string{"no section [Global]"}},
		{name: "the section must not be left out", dns: coreDNS("zones = example.com.\n"), want: []string{"its first line must be [Global]"}},
		{name: "another section", dns: coreDNS("[Global]\n[Other]\n"), want: []string{"[Other]"}},
		{name: "all that can be said of a zone", dns: DNS{Provider: "aws-route53", Zone: "example.com.", ZoneID: "Z0123", Suffix: "fed.example.com.", TTL: "1m30s"}},
		{name: "the zone itself is a suffix", dns: DNS{Provider: "coredns", Zone: "example.com.", Suffix: "example.com."}},
		{name: "a suffix of a zone that was chosen before", dns: DNS{Suffix: "fed.example.com."}},
		{name: "a suffix is in its zone", dns: DNS{Provider: "coredns", Zone: "a.com.", Suffix: "ba.com."}, want: []string{`--service-dns-suffix: "ba.com." is not in the zone "a.com."`}},
		{name: "a suffix is a name", dns: DNS{Suffix: "fed"}, want: []string{"--service-dns-suffix"}},
		{name: "a TTL has a unit", dns: DNS{TTL: "60"}, want: []string{"--dns-ttl"}},
		{name: "a TTL is whole seconds", dns: DNS{TTL: "1500ms"}, want: []string{"--dns-ttl"}},
		{name: "a TTL is not for ever", dns: DNS{TTL: "25h"}, want: []string{"--dns-ttl"}},
		{name: "an id is one word", dns: DNS{ZoneID: "a,config=b"}, want: []string{"--dns-zone-id"}},
		{name: "each unknown key is named", dns: coreDNS("[Global]\nzone = a.\nendpoints = b\n"), want: []string{`key "zone"`, `key "endpoints"`}},
		{name: "what is no INI", dns: coreDNS("[Global]\nzones\n"), want: []string{"not INI"}},
		{name: "a binary file", dns: coreDNS("\x00\x01\x02[[["), want: []string{"--dns-provider-config"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantLines(t, Options{DNS: tt.dns}.validateDNS(true), tt.want) })
	}
}

func TestConfigErrorsHoldNoValues(t *testing.T) {
	err := Options{DNS: coreDNS("[Global]\nsecret = hunter2\n[Other]\npassword = hunter2\njust-hunter2\n")}.validateDNS(true)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error that does not repeat the file's values", err)
	}
}

func coreDNS(config string) DNS {
	return DNS{Provider: "coredns", Zone: "example.com.", Config: []byte(config)}
}
