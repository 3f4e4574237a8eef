package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/hooks/pki"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		args []string
		errs []string // parts of the error; none means no error
	}{
		{"name=value, name value and a lone boolean", []string{"--text=a=b,c", "--number", "3", "--yes", "--more=x", "--more=y,z"}, nil},
		{"a boolean may be false", []string{"--yes=false"}, nil},
		{"everything wrong is named", []string{"--no", "--number=x", "surplus", "--text"}, []string{
			"there is no flag --no", `--number "x"`, `"surplus" is not a flag`, "--text needs a value",
		}},
		{"the value of an unknown flag is not taken for another one", []string{"--no", "value"}, []string{"--no", `"value"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := flag.NewFlagSet("test", flag.ContinueOnError)
			f.SetOutput(io.Discard)
			text, number, yes := f.String("text", "", ""), f.Int("number", 1, ""), f.Bool("yes", false, "")
			var more list
			f.Var(&more, "more", "")
			err := parse(f, tt.args)
			if (err != nil) != (len(tt.errs) > 0) {
				t.Fatalf("parse = %v", err)
			}
			for _, part := range tt.errs {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
			if err == nil && len(tt.args) > 1 && (*text != "a=b,c" || *number != 3 || !*yes || !slices.Equal(more, list{"x", "y,z"})) {
				t.Errorf("text %q, number %d, yes %t, more %q", *text, *number, *yes, more)
			}
			if err != nil && *number != 1 {
				t.Errorf("a value that is refused leaves %d behind", *number)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"no command", nil, 2, []string{"error: name a command: pki, renew, publish"}},
		{"an unknown command", []string{"destroy"}, 2, []string{`error: unknown command "destroy"`}},
		{"help", []string{"--help"}, 0, []string{"Usage:", "bootstrap"}},
		{"help of a command", []string{"pki", "--help"}, 0, []string{"--rotate-ca", "--leaf-validity=8760h"}},
		{"the version", []string{"version"}, 0, []string{"federation-hook "}},
		{"all wrong flags at once", []string{"pki", "--federation=Bad_Name", "--key-algorithm=dsa", "--rotate-ca=all", "--distrust-ca=any", "--leaf-validity=soon", "--timeout=0s"}, 2, []string{
			"--federation", "--namespace is required", "--key-algorithm", "--rotate-ca", "--distrust-ca", "--leaf-validity", "--timeout",
		}},
		{"publish checks its own flags and those of the certificate", []string{"publish", "--federation=f", "--namespace=n", "--service-type=X", "--advertise-address=://", "--extra-san=://"}, 2, []string{
			"--service-type", "--advertise-address", "--extra-san",
		}},
		{"bootstrap needs to know the federation API", []string{"bootstrap", "--federation=f", "--namespace=n", "--admin-group="}, 2, []string{"--kubeconfig is required", "--admin-group is required"}},
		{"verify needs to know it too", []string{"verify", "--federation=f", "--namespace=n"}, 2, []string{"--kubeconfig is required"}},
		{"teardown needs to know the federation API where it removes records", []string{"teardown", "--federation=f", "--namespace=n", "--dns-zone=provider=rfc2136,zone=a."}, 2, []string{"--federation-kubeconfig is required"}},
		{"every zone that cannot be read is named", []string{"teardown", "--federation=f", "--namespace=n", "--federation-kubeconfig=k", "--dns-zone=provider=x,zone=a.", "--dns-zone=b"}, 2, []string{"--dns-zone=provider=x,zone=a.", `"x" is not a DNS provider`, "--dns-zone=b"}},
		{"a kubeconfig that is not there", []string{"cleanup", "--federation=f", "--namespace=n", "--kubeconfig=/nowhere"}, 1, []string{"error: find the cluster to work on", "/nowhere"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if code := run(t.Context(), tt.args, &out); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, part := range tt.says {
				if !strings.Contains(out.String(), part) {
					t.Errorf("it does not say %q:\n%s", part, out.String())
				}
			}
			if lines := strings.Count(out.String(), "\n"); tt.code != 0 && lines != 1 {
				t.Errorf("the error has %d lines:\n%s", lines, out.String())
			}
		})
	}
}

func TestFlagsBecomeOptions(t *testing.T) {
	f := flag.NewFlagSet("pki", flag.ContinueOnError)
	act := pkiCommand(true)(f, addCommon(f))
	if err := parse(f, []string{
		"--federation=fellowship", "--namespace=ns", "--cluster-domain=corp.example", "--service-cluster-ip-range=10.1.0.0/16",
		"--key-algorithm=rsa", "--ca-validity=9999h", "--leaf-validity=99h", "--etcd=false", "--extra-san=a", "--extra-san=b",
		"--token-auth", "--basic-auth", "--token-secret=t", "--basic-secret=b", "--service-port=8443",
		"--existing-ca-secret=corporate", "--check-only", "--rotate-ca=etcd", "--rotate-ca=cluster",
		"--distrust-ca=front-proxy", "--distrust-ca=cluster", "--dns-etcd",
	}); err != nil {
		t.Fatal(err)
	}
	got := act.(*pkiFlags).complete()
	if got.Federation != "fellowship" || got.Namespace != "ns" || got.ClusterDomain != "corp.example" || got.ServiceRange != "10.1.0.0/16" ||
		got.Algorithm != "rsa" || got.CAValidity != 9999*time.Hour || got.LeafValidity != 99*time.Hour || !got.ExternalEtcd || !got.DNSEtcd ||
		!slices.Equal(got.ExtraSANs, []string{"a", "b"}) || !got.TokenAuth || !got.BasicAuth || got.TokenSecret != "t" || got.BasicSecret != "b" ||
		got.ServicePort != 8443 || got.ExistingCASecret != "corporate" || !got.CheckOnly || !got.RefreshKubeconfig ||
		!slices.Equal(got.Rotate, []pki.Kind{pki.Etcd, pki.Cluster}) || !slices.Equal(got.Distrust, []pki.Kind{pki.FrontProxy, pki.Cluster}) {
		t.Errorf("options are %+v", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if code := run(ctx, []string{"cleanup", "--federation=f", "--namespace=n", "--kubeconfig=" + hostKubeconfig(t, "http://127.0.0.1:1")}, &out); code != 1 {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
}
