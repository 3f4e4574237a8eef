package providers

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// files that a provider's configuration is beside.
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ca := certs.CA(t, "etcd-ca")
	ca.Write(t, dir, "ca")
	ca.Client(t, "fedhelm").Write(t, dir, "client")
	if err := os.WriteFile(filepath.Join(dir, "bad.crt"), []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNewMakesEveryProvider(t *testing.T) {
	dir := files(t)
	for provider, file := range map[string]string{
		"coredns":         "[Global]\netcd-endpoints = https://192.0.2.1:2379\nzones = example.com.\netcd-ca-file = ca.crt\netcd-cert-file = client.crt\netcd-key-file = " + filepath.Join(dir, "client.key") + "\n",
		"rfc2136":         "[Global]\nserver = 192.0.2.1\nzones = example.com.\ntsig-name = k\ntsig-secret = c2VjcmV0\n",
		"google-clouddns": "[Global]\nproject-id = p\n",
		"aws-route53":     "",
	} {
		config, err := dnsconfig.Parse(provider, []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(t.Context(), config, Options{Dir: dir})
		if err != nil || p == nil {
			t.Errorf("New(%s) = %v, %v", provider, p, err)
		}
		if c, ok := p.(io.Closer); ok {
			if err := c.Close(); err != nil {
				t.Errorf("close %s: %v", provider, err)
			}
		}
	}
	for _, provider := range dnsconfig.Providers() {
		if _, err := New(t.Context(), dnsconfig.Config{Provider: provider}, Options{}); err == nil {
			t.Errorf("New(%s) without its configuration gave no error", provider)
		}
	}
}

func TestNewSaysWhichFileIsBad(t *testing.T) {
	dir := files(t)
	for _, tt := range []struct{ name, keys, want string }{
		{name: "a missing file", keys: "etcd-ca-file = gone.crt\n", want: filepath.Join(dir, "gone.crt")},
		{name: "a file that is no CA", keys: "etcd-ca-file = bad.crt\n", want: "no CA certificate"},
		{name: "a key that is not the certificate's", keys: "etcd-cert-file = client.crt\netcd-key-file = ca.key\n", want: "client certificate and key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := dnsconfig.Parse("coredns", []byte("[Global]\netcd-endpoints = https://192.0.2.1:2379\nzones = example.com.\n"+tt.keys))
			if err != nil {
				t.Fatal(err)
			}
			_, err = New(t.Context(), config, Options{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "coredns") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("New = %v, want an error that says %q", err, tt.want)
			}
		})
	}
}
