package dnsconfig

import (
	"slices"
	"strings"
	"testing"
)

func TestProviders(t *testing.T) {
	if got, want := Providers(), []string{"aws-route53", "coredns", "google-clouddns", "rfc2136"}; !slices.Equal(got, want) {
		t.Errorf("Providers() = %q, want %q", got, want)
	}
	if err := CheckProvider("bind"); err == nil || !strings.Contains(err.Error(), "rfc2136") {
		t.Errorf("an unknown provider gave %v, want an error that names the known ones", err)
	}
}

func TestCheckZone(t *testing.T) {
	for zone, wantErr := range map[string]string{
		"example.com.":                  "",
		"a-b.1.example.":                "",
		"com.":                          "",
		"example.com":                   `"example.com."`,
		"":                              "end with a dot",
		".":                             "not the name",
		"a..b.":                         "not the name",
		"-a.example.":                   "not the name",
		"a-.example.":                   "not the name",
		"Example.com.":                  "not the name",
		"a_b.example.":                  "not the name",
		"a b.":                          "not the name",
		strings.Repeat("a", 64) + ".":   "not the name",
		strings.Repeat("a.", 128) + ".": "longer",
	} {
		switch err := CheckZone(zone); {
		case wantErr == "" && err != nil:
			t.Errorf("CheckZone(%q) = %v, want nil", zone, err)
		case wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)):
			t.Errorf("CheckZone(%q) = %v, want an error with %q", zone, err, wantErr)
		}
	}
}

func TestCheckFile(t *testing.T) {
	tests := []struct {
		name, provider, file string
		want                 []string // what the error says; none: no error
	}{
		{name: "v1's example", provider: "coredns", file: "[Global]\netcd-endpoints = http://etcd.ns:2379\nzones = example.com.\n"},
		{name: "an empty section", provider: "rfc2136", file: "[Global]\n"},
		{name: "comments and case do not matter", provider: "rfc2136", file: "# note\n[GLOBAL]\nServer = ns1:53\n"},
		{name: "a value may have comment signs in it", provider: "rfc2136", file: "[Global]\ntsig-secret = a#b;c==\n"},
		{name: "no section", provider: "rfc2136", file: "", want: []string{"no section [Global]"}},
		{name: "settings before the section", provider: "rfc2136", file: "server = x\n[Global]\n", want: []string{"before any section"}},
		{name: "another section", provider: "rfc2136", file: "[Global]\n[Other]\n", want: []string{"[Other]"}},
		{name: "unknown keys are all reported, with those that are known", provider: "rfc2136", file: "[Global]\nsever = s3cret\nzone = x\n", want: []string{`"sever"`, `"zone"`, "tsig-secret"}},
		{name: "no INI", provider: "rfc2136", file: "[Global\nserver s3cret", want: []string{"not INI"}},
		{name: "an unknown provider", provider: "bind", file: "[Global]\n", want: []string{`"bind"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckFile(tt.provider, []byte(tt.file))
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("error %v, want one: %t", err, tt.want != nil)
			}
			for _, s := range tt.want {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("error %q does not say %q", err, s)
				}
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %q shows a value", err)
			}
		})
	}
}
