package configured_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/configured"
)

const valid = "[Global]\netcd-endpoints = http://127.0.0.1:1\nzones = example.com.\n"

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dns.conf")
	var told []string
	o := configured.Options{Provider: "coredns", File: file, Read: func(err error) {
		if err == nil {
			told = append(told, "valid")
		} else {
			told = append(told, err.Error())
		}
	}}
	if _, err := configured.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("without its file: %v", err)
	}
	write(t, file, "[Global]\netcd-end = s3cret\n")
	if _, err := configured.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "etcd-end") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("of a bad file: %v", err)
	}
	write(t, file, valid)
	p, err := configured.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	zones, err := p.Zones(t.Context())
	if err != nil || len(zones) != 1 || zones[0].Name != "example.com." {
		t.Errorf("Zones = %v, %v", zones, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if len(told) != 3 || !strings.Contains(told[0], "no such file") || !strings.Contains(told[1], "etcd-end") || told[2] != "valid" {
		t.Errorf("told %q", told)
	}
}

func TestFileIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dns.conf")
	write(t, file, valid)
	var told []bool
	p, err := configured.Open(t.Context(), configured.Options{Provider: "coredns", File: file, Read: func(err error) { told = append(told, err == nil) }})
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		p.ReadAgain()
		zones, err := p.Zones(t.Context())
		if err != nil || len(zones) != 1 {
			t.Fatalf("Zones = %v, %v", zones, err)
		}
		return zones[0].Name
	}
	write(t, file, "[Global]\nnonsense\n")
	if got := name(); got != "example.com." {
		t.Errorf("after a bad file its zone is %q", got)
	}
	name()
	write(t, file, strings.ReplaceAll(valid, "example.com.", "example.org."))
	if got := name(); got != "example.org." {
		t.Errorf("after a new file its zone is %q", got)
	}
	if !slices.Equal(told, []bool{true, false, true}) {
		t.Errorf("told %v", told)
	}
}

func TestServers(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "dns.conf")
	if got := configured.Servers("coredns", ""); got != nil {
		t.Errorf("without a file: %q", got)
	}
	if got := configured.Servers("coredns", file); got != nil {
		t.Errorf("without its file: %q", got)
	}
	write(t, file, "[Global]\netcd-endpoints = http://192.0.2.1:2379\nzones = example.com.\ncoredns-endpoints = 192.0.2.2:53\n")
	if got := configured.Servers("coredns", file); !slices.Equal(got, []string{"192.0.2.2:53"}) {
		t.Errorf("those of the file: %q", got)
	}
	write(t, filepath.Join(dir, "servers"), "192.0.2.4:53,192.0.2.3:53\n")
	if got := configured.Servers("coredns", file); !slices.Equal(got, []string{"192.0.2.3:53", "192.0.2.4:53"}) {
		t.Errorf("those beside it: %q", got)
	}
}

func TestZoneID(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dns.conf")
	write(t, file, "[Global]\nzone-id = Z1\n")
	if got := configured.ZoneID("aws-route53", file); got != "Z1" {
		t.Errorf("ZoneID = %q", got)
	}
	if got := configured.ZoneID("rfc2136", file); got != "" {
		t.Errorf("ZoneID of a file that cannot be used = %q", got)
	}
}

// A listing takes long, and changes are made beside it: neither waits for the other, whether the file is another or not.
func TestCallThatGoesOnHoldsUpNoOther(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dns.conf")
	write(t, file, valid)
	p, err := configured.Open(t.Context(), configured.Options{Provider: "coredns", File: file})
	if err != nil {
		t.Fatal(err)
	}
	first := p.Form(t.Context())
	done := p.Use(t.Context()) // as a listing does
	others := make(chan []dns.Zone, 2)
	go func() {
		for _, text := range []string{valid, strings.ReplaceAll(valid, "example.com.", "example.org.")} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Error(err)
			}
			p.ReadAgain()
			zones, err := p.Zones(t.Context())
			if err != nil {
				t.Error(err)
			}
			others <- zones
		}
	}()
	for _, want := range []string{"example.com.", "example.org."} {
		select {
		case zones := <-others:
			if len(zones) != 1 || zones[0].Name != want {
				t.Errorf("Zones = %v, want %s", zones, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("a call waits for another one, which takes long")
		}
	}
	if p.Form(t.Context()) == first {
		t.Error("its form is the same as of the former file")
	}
	done()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
