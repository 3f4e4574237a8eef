//go:build integration

package coredns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
	"github.com/fedhelm/fedhelm/pkg/testutil/zoneserver"
)

func TestIntegrationRefusals(t *testing.T) {
	server := zoneserver.Start(t, zoneName)
	client := server.Client(t)
	signIn(t, client)
	must(t, func(ctx context.Context) error { _, err := client.UserAdd(ctx, "stranger", password); return err })
	strangers := t.TempDir()
	certs.CA(t, "another-ca").Client(t, "root").Write(t, strangers, "client")
	nobody := process.FreeAddress(t)
	tests := []struct {
		name   string
		change func(*Options)
		want   error  // nil: one that may pass
		says   string // in the error
	}{
		{name: "a wrong password", change: func(o *Options) { o.Username, o.Password = user, password+"-wrong" }, want: dns.ErrDenied, says: user},
		{name: "a user without rights", change: func(o *Options) { o.Username, o.Password = "stranger", password }, want: dns.ErrDenied, says: "stranger"},
		{name: "a certificate of a CA that etcd does not trust", want: dns.ErrDenied, says: "tls",
			change: func(o *Options) {
				o.CertFile, o.KeyFile = filepath.Join(strangers, "client.crt"), filepath.Join(strangers, "client.key")
			}},
		{name: "no certificate", change: func(o *Options) { o.CertFile, o.KeyFile = "", "" }, want: dns.ErrDenied, says: "certificate"},
		{name: "an etcd whose CA is not trusted", change: func(o *Options) { o.CAFile = "" }, says: "certificate signed by unknown authority"},
		{name: "an etcd that is not there", change: func(o *Options) { o.Endpoints = []string{"https://" + nobody} }, says: "connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var observed error
			p := newProvider(t, server, tt.change, func(o *Options) { o.Observe = func(_ string, err error) { observed = err } })
			var err error
			eventually.Do(t, 20*time.Second, "the refusal", func() error { // an alert may come too late to be read
				if _, err = p.Records(t.Context(), zone, zoneName); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
					return fmt.Errorf("Records = %w, want %w", err, tt.want)
				}
				return nil
			})
			if tt.want == nil && errors.Is(err, dns.ErrDenied) {
				t.Errorf("Records = %v, want another error", err)
			}
			if !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), password) {
				t.Errorf("error %q does not say %q, or says too much", err, tt.says)
			}
			if observed == nil {
				t.Error("the failure was not observed")
			}
		})
	}
}

func TestIntegrationCertificatesAreReadAgain(t *testing.T) {
	server := zoneserver.Start(t, zoneName)
	dir := t.TempDir()
	certs.CA(t, "not-etcd-ca").Write(t, dir, "ca")
	server.CA.Client(t, "root").Write(t, dir, "client")
	p := newProvider(t, server, func(o *Options) {
		o.CAFile, o.CertFile, o.KeyFile = filepath.Join(dir, "ca.crt"), filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key")
	})
	if _, err := p.Records(t.Context(), zone, zoneName); err == nil {
		t.Fatal("an etcd that the CA does not vouch for was asked")
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), server.CA.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	works := func() error { _, err := p.Records(t.Context(), zone, zoneName); return err }
	eventually.Do(t, 10*time.Second, "the new CA to be used", works)
	if err := os.WriteFile(filepath.Join(dir, "client.key"), []byte("half writt"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond) // files are looked at once a second
	if err := works(); err != nil {
		t.Errorf("a file that is being written ends what works: %v", err)
	}
}

func TestIntegrationEtcdComesBack(t *testing.T) {
	server := zoneserver.Start(t, zoneName)
	p := newProvider(t, server)
	works := func() error { _, err := p.Records(t.Context(), zone, zoneName); return err }
	if err := works(); err != nil {
		t.Fatal(err)
	}
	server.StopEtcd()
	began := time.Now()
	if err := works(); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("without etcd: %v after %s", err, time.Since(began))
	}
	server.StartEtcd()
	eventually.Do(t, 6*time.Second, "the provider to find etcd again", works)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := works(); err != nil {
		t.Errorf("a call after Close: %v", err)
	}
}
