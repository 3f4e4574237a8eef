package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	ctrl "sigs.k8s.io/controller-runtime"
)

func TestDNSCheckTellsWhatChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dns.conf")
	c := &dnsCheck{dns: dns{provider: "rfc2136", zone: "example.com.", config: file}}
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name      string
		do        func()
		wantValid float64
		wantLog   string // "" for nothing new
	}{
		{name: "a file that is missing", do: func() {}, wantValid: 0, wantLog: "no such file"},
		{name: "the same again is not told again", do: func() {}, wantValid: 0},
		{name: "a valid file", do: func() { write("[Global]\nserver = ns1:53\n") }, wantValid: 1, wantLog: "is valid"},
		{name: "a bad key, without its value", do: func() { write("[Global]\nsever = s3cret\n") }, wantValid: 0, wantLog: "sever"},
	}
	for _, s := range steps {
		var out bytes.Buffer
		ctx := ctrl.LoggerInto(t.Context(), logging{format: "json"}.logger(&out))
		s.do()
		c.look(ctx)
		var metric dto.Metric
		if err := dnsValid.WithLabelValues("rfc2136").Write(&metric); err != nil {
			t.Fatal(err)
		}
		if got := metric.GetGauge().GetValue(); got != s.wantValid {
			t.Errorf("%s: metric %v, want %v", s.name, got, s.wantValid)
		}
		if (out.Len() == 0) != (s.wantLog == "") || !strings.Contains(out.String(), s.wantLog) || strings.Contains(out.String(), "s3cret") {
			t.Errorf("%s: logged %q, want %q", s.name, out.String(), s.wantLog)
		}
	}
}

func TestDNSWithoutAFileIsValid(t *testing.T) {
	if err := (dns{provider: "aws-route53", zone: "example.com."}).check(); err != nil {
		t.Errorf("check = %v, want nil: the provider finds its credentials by itself", err)
	}
}
