package dnsconfig

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, provider, file string
		want                 Config
	}{
		{
			name: "coredns as v1 was told", provider: "coredns",
			file: "[Global]\netcd-endpoints = http://etcd.ns:2379\nzones = example.com.\ncoredns-endpoints = 10.0.0.53:53\n",
			want: Config{CoreDNS: &CoreDNS{
				EtcdEndpoints: []string{"http://etcd.ns:2379"}, Zones: []string{"example.com."}, Servers: []string{"10.0.0.53:53"}, PathPrefix: "skydns"}},
		},
		{
			name: "coredns with all that there is", provider: "coredns",
			file: `[global]
ETCD-Endpoints = https://a:2379,https://b:2379 , https://[2001:db8::1]:2379
zones = Example.com, example.net., example.com.
coredns-endpoints = ns1.example.com,2001:db8::53,[2001:db8::54]:5353
etcd-ca-file = ca.crt
etcd-cert-file = client.crt
etcd-key-file = client.key
etcd-username = fedhelm
etcd-password = s3#;cret
path-prefix = /other/dir/
`,
			want: Config{CoreDNS: &CoreDNS{
				EtcdEndpoints: []string{"https://a:2379", "https://b:2379", "https://[2001:db8::1]:2379"},
				Zones:         []string{"example.com.", "example.net."},
				Servers:       []string{"ns1.example.com:53", "[2001:db8::53]:53", "[2001:db8::54]:5353"},
				CAFile:        "ca.crt", CertFile: "client.crt", KeyFile: "client.key",
				Username: "fedhelm", Password: "s3#;cret", PathPrefix: "other/dir",
			}},
		},
		{
			name: "rfc2136 with a key", provider: "rfc2136",
			file: "[Global]\nserver = ns1\nzones = example.com\ntsig-name = Fedhelm\ntsig-secret = c2VjcmV0\n",
			want: Config{RFC2136: &RFC2136{
				Server: "ns1:53", Transfer: "ns1:53", Zones: []string{"example.com."}, TSIGName: "fedhelm.", TSIGSecret: "c2VjcmV0", TSIGAlgorithm: "hmac-sha256"}},
		},
		{
			name: "rfc2136 without a key, transfers from elsewhere", provider: "rfc2136",
			file: "[Global]\nserver = 192.0.2.1:5353\ntransfer = 192.0.2.2\nzones = example.com\n",
			want: Config{RFC2136: &RFC2136{Server: "192.0.2.1:5353", Transfer: "192.0.2.2:53", Zones: []string{"example.com."}}},
		},
		{
			name: "rfc2136 with an algorithm as in BIND's or the protocol's writing", provider: "rfc2136",
			file: "[Global]\nserver = ns1\nzones = a.\ntsig-name = k\ntsig-secret = c2VjcmV0\ntsig-algorithm = HMAC-SHA512.\n",
			want: Config{RFC2136: &RFC2136{
				Server: "ns1:53", Transfer: "ns1:53", Zones: []string{"a."}, TSIGName: "k.", TSIGSecret: "c2VjcmV0", TSIGAlgorithm: "hmac-sha512"}},
		},
		{name: "google-clouddns needs no file", provider: "google-clouddns", want: Config{GoogleCloudDNS: &GoogleCloudDNS{}}},
		{
			name: "google-clouddns as v1 was told", provider: "google-clouddns",
			file: "[Global]\nproject-id = p\ntoken-url = https://t\ntoken-body = {\"a\": 1}\n",
			want: Config{GoogleCloudDNS: &GoogleCloudDNS{ProjectID: "p", TokenURL: "https://t", TokenBody: `{"a": 1}`}},
		},
		{
			name: "google-clouddns with a key file", provider: "google-clouddns", file: "[Global]\ncredentials-file = key.json\nzone-id = z\n",
			want: Config{GoogleCloudDNS: &GoogleCloudDNS{CredentialsFile: "key.json", ZoneID: "z"}},
		},
		{name: "aws-route53 needs no file", provider: "aws-route53", want: Config{AWSRoute53: &AWSRoute53{}}},
		{
			name: "aws-route53 with all that there is", provider: "aws-route53",
			file: "[Global]\nregion = r\nprofile = p\nrole-arn = a\nendpoint = https://e\nzone-id = z\naccess-key-id = i\nsecret-access-key = k\nsession-token = t\n",
			want: Config{AWSRoute53: &AWSRoute53{
				Region: "r", Profile: "p", RoleARN: "a", Endpoint: "https://e", ZoneID: "z", AccessKeyID: "i", SecretAccessKey: "k", SessionToken: "t"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.provider, []byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Provider = tt.provider
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSaysAllThatIsWrong(t *testing.T) {
	tests := []struct {
		name, provider, file string
		want                 []string
	}{
		{name: "an unknown provider", provider: "bind", want: []string{`"bind"`}},
		{name: "an unknown key", provider: "coredns", file: "[Global]\nzone = a.\n", want: []string{`"zone"`}},
		{name: "coredns without a file", provider: "coredns", want: []string{"etcd-endpoints: is needed", "zones: is needed"}},
		{name: "rfc2136 without a file", provider: "rfc2136", want: []string{"server: must be", "zones: is needed"}},
		{
			name: "coredns with halves", provider: "coredns",
			file: "[Global]\netcd-endpoints = https://a\nzones = a.\netcd-cert-file = c\netcd-username = s3cret\n",
			want: []string{"etcd-cert-file and etcd-key-file", "etcd-username and etcd-password"},
		},
		{
			name: "coredns with endpoints that are none", provider: "coredns",
			file: "[Global]\netcd-endpoints = a:2379,https://user:s3cret@b,ftp://c,http://d\nzones = a.\n",
			want: []string{"number 1", "number 2 has a user", "number 3", "all http or all https"},
		},
		{
			name: "coredns with certificates that nothing would use", provider: "coredns", file: "[Global]\netcd-endpoints = http://a\nzones = a.\netcd-ca-file = c\n",
			want: []string{"must be https"},
		},
		{
			name: "zones and servers that are none", provider: "coredns", file: "[Global]\netcd-endpoints = http://a\nzones = a_b,c..d\ncoredns-endpoints = http://x/\n",
			want: []string{`"a_b."`, `"c..d."`, "coredns-endpoints: must be"},
		},
		{
			name: "rfc2136 with a bad key", provider: "rfc2136", file: "[Global]\nserver = a:b:c\nzones = a.\ntsig-name = k\ntsig-secret = s3cret!\ntsig-algorithm = md5\n",
			want: []string{"server: must be", "tsig-secret: is not base64", `"md5"`, "hmac-sha256"},
		},
		{name: "rfc2136 with a secret of nothing", provider: "rfc2136", file: "[Global]\nserver = a\nzones = a.\ntsig-secret = s3cret\n", want: []string{"tsig-name and tsig-secret"}},
		{name: "google-clouddns with a body for nobody", provider: "google-clouddns", file: "[Global]\ntoken-body = s3cret\n", want: []string{"token-url"}},
		{
			name: "aws-route53 with halves", provider: "aws-route53", file: "[Global]\nsecret-access-key = s3cret\nsession-token = s3cret\n",
			want: []string{"access-key-id and secret-access-key", "session-token"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.provider, []byte(tt.file))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %q shows a value", err)
			}
		})
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	c, err := Parse("rfc2136", []byte("[Global]\nserver = ns1\nzones = a.\ntsig-name = k\ntsig-secret = c2VjcmV0\n"))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v", *c.RFC2136, *c.RFC2136, *c.RFC2136), fmt.Sprintf("%s %q %x %d", c.RFC2136.TSIGSecret, c.RFC2136.TSIGSecret, c.RFC2136.TSIGSecret, c.RFC2136.TSIGSecret), string(encoded)} {
		if strings.Contains(shown, "c2VjcmV0") || strings.Contains(shown, fmt.Sprintf("%x", "c2VjcmV0")) || !strings.Contains(shown, "(secret)") {
			t.Errorf("%s shows the secret", shown)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, provider := range Providers() {
		f.Add(provider, "[Global]\netcd-endpoints = https://a\nzones = a.b,c\nserver = [::1]:53\ntsig-name = k\ntsig-secret = c2VjcmV0\n")
	}
	f.Fuzz(func(t *testing.T, provider, file string) {
		c, err := Parse(provider, []byte(file))
		if err != nil {
			return
		}
		if len(file) > 0 && CheckFile(provider, []byte(file)) != nil {
			t.Error("what CheckFile refuses is parsed")
		}
		var zones []string
		switch {
		case c.CoreDNS != nil:
			zones = c.CoreDNS.Zones
		case c.RFC2136 != nil:
			zones = c.RFC2136.Zones
		}
		for _, zone := range zones {
			if err := CheckZone(zone); err != nil {
				t.Error(err)
			}
		}
	})
}
