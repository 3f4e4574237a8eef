package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/fedhelm/fedhelm/pkg/release"
)

func TestGenerateAndHelmInstallEqualsInit(t *testing.T) {
	config := filepath.Join(t.TempDir(), "coredns.conf")
	if err := os.WriteFile(config, []byte("[Global]\netcd-endpoints = http://etcd:2379\nzones = example.com.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		flags []string
	}{
		{name: "nothing chosen"},
		{name: "a node port", flags: []string{"--api-server-service-type=NodePort", "--api-server-advertise-address=10.0.10.20", "--api-server-port=30443"}},
		{name: "DNS", flags: []string{"--dns-provider=coredns", "--dns-zone-name=example.com.", "--dns-provider-config=" + config}},
		{name: "authentication and arguments", flags: []string{
			"--apiserver-enable-basic-auth", "--apiserver-enable-token-auth", "--apiserver-arg-overrides=--anonymous-auth=false,--v=4",
			`--apiserver-arg-overrides=--runtime-config="api/all=true,batch/v1=true"`, "--controllermanager-arg-overrides=--v=4",
		}},
		{name: "etcd without storage", flags: []string{"--etcd-persistent-storage=false", "--etcd-image=mirror.example.com/etcd:3.6"}},
		{name: "an etcd elsewhere", flags: []string{"--etcd-servers=https://a:2379,https://b:2379", "--etcd-tls-secret=etcd-tls"}},
		{name: "a default that is dropped", flags: []string{"--set-json", `controlPlane.apiServer.extraArgs={"profiling":null,"v":"3"}`}},
		{name: "images and nodes", flags: []string{
			"--image=mirror.example.com/fedhelm@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			"--image-pull-policy=Never", "--image-pull-secrets=a,b", "--node-selector=disk=ssd,zone=a",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := newConsole(nil, nil).fedhelm(slices.Concat([]string{"generate", "fellowship", "-o", dir, "-n", "middle-earth"}, tt.flags)...); err != nil {
				t.Fatal(err)
			}
			dry := newConsole(nil, nil)
			if err := dry.fedhelm(slices.Concat([]string{"init", "fellowship", "--dry-run", "-n", "middle-earth"}, tt.flags)...); err != nil {
				t.Fatal(err)
			}
			generated, err := loader.LoadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			fromDir, err := release.Render("fellowship", "middle-earth", generated, nil)
			if err != nil {
				t.Fatal(err)
			}
			// The Secret with the provider's configuration is not the chart's: the README tells how to make it.
			fromInit := dry.out.String()
			if strings.HasPrefix(fromInit, "---\n# Made by fedhelm init") {
				fromInit = fromInit[strings.Index(fromInit[4:], "---\n")+4:]
			}
			if diff := cmp.Diff(strings.Split(fromInit, "\n"), strings.Split(fromDir.String(), "\n")); diff != "" {
				t.Errorf("init and the generated chart differ (-init +generated):\n%s", diff)
			}
		})
	}
}

func TestDryRun(t *testing.T) {
	config := filepath.Join(t.TempDir(), "coredns.conf")
	if err := os.WriteFile(config, []byte("[Global]\netcd-endpoints = http://hunter2:2379\nzones = example.com.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newConsole(nil, nil)
	err := c.fedhelm("init", "fellowship", "--dry-run", "--dns-provider=coredns", "--dns-zone-name=example.com.", "--dns-provider-config="+config)
	if err != nil {
		t.Fatal(err)
	}
	out := c.out.String()
	for _, want := range []string{"name: fellowship-dns-provider", "name: fellowship-apiserver", "name: fellowship-pki", "helm.sh/hook"} {
		if !strings.Contains(out, want) {
			t.Errorf("the manifests do not have %q", want)
		}
	}
	if strings.Contains(out, "hunter2") || !strings.Contains(c.err.String(), `the data of Secret "fellowship-dns-provider" is not printed`) {
		t.Errorf("the Secret's data is printed, or nothing is said of it: %s", c.err.String())
	}
	if len(c.connected) > 0 {
		t.Error("a host cluster was asked for")
	}
}

func TestGenerateRefusesADirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := newConsole(nil, nil).fedhelm("generate", "fellowship", "-o", dir); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("got %v, want an error that names --force", err)
	}
	if err := newConsole(nil, nil).fedhelm("generate", "fellowship", "-o", dir, "--force"); err != nil {
		t.Error(err)
	}
}
