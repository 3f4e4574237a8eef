package dnsconfig

import (
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const tls = "[Global]\netcd-endpoints = https://a\nzones = a.b\netcd-ca-file = ./ca.crt\netcd-cert-file = c.crt\netcd-key-file = c.key\n"
	for _, tt := range []struct {
		name, provider, file, zone string
		beside                     []string
		want                       []string // what the errors begin with
	}{
		{name: "a whole one", provider: "coredns", file: tls, zone: "a.b.", beside: []string{"ca.crt", "c.crt", "c.key"}},
		{name: "files that are not there are all named", provider: "coredns", file: tls, zone: "a.b.", beside: []string{"c.crt"}, want: []string{"etcd-ca-file: ", "etcd-key-file: "}},
		{name: "a file in a directory is in no Secret", provider: "google-clouddns", file: "[Global]\ncredentials-file = d/k\n", beside: []string{"k"}, want: []string{"credentials-file: "}},
		{name: "an absolute file comes from elsewhere", provider: "google-clouddns", file: "[Global]\ncredentials-file = /d/k\n"},
		{name: "one for another zone", provider: "rfc2136", file: "[Global]\nserver = a\nzones = b.c\n", zone: "c.", want: []string{"zones: c. is missing"}},
		{name: "the zone in other letters", provider: "rfc2136", file: "[Global]\nserver = a\nzones = B.c\n", zone: "b.C."},
		{name: "no zone in particular", provider: "rfc2136", file: "[Global]\nserver = a\nzones = b.c\n"},
		{name: "a cloud knows its zones", provider: "aws-route53", file: "[Global]\n", zone: "a.b."},
		{
			name: "values, zones and files at once", provider: "coredns", file: "[Global]\nzones = s3cret.c\netcd-ca-file = s3cret\n", zone: "a.b.",
			want: []string{"etcd-endpoints: is needed", "zones: a.b. is missing", "etcd-ca-file: "},
		},
		{name: "a file without its section", provider: "coredns", want: []string{"the file has no section"}},
		{name: "keys that are not known", provider: "coredns", file: "[Global]\na = s3cret\nb = s3cret\n", want: []string{`key "a"`, `key "b"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			errs := Check(tt.provider, []byte(tt.file), tt.zone, tt.beside)
			if !slices.EqualFunc(errs, tt.want, func(err error, want string) bool { return strings.HasPrefix(err.Error(), want) }) {
				t.Errorf("got %q, want %q", errs, tt.want)
			}
			for _, err := range errs {
				if strings.Contains(err.Error(), "s3cret") {
					t.Errorf("error %q shows a value", err)
				}
			}
		})
	}
}
