package main

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestBadFlagsAreAllReportedAtOnce(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	badINI, badYAML := file("bad.conf", "zones = example.com.\n"), file("bad.yaml", "- a\n- b\n")
	tests := []struct {
		name string
		args []string
		want []string // one part of each line
	}{
		{name: "a bad name", args: []string{"Fellowship!"}, want: []string{`NAME "Fellowship!"`}},
		{name: "an unknown provider without a zone", args: []string{"a", "--dns-provider=azure"}, want: []string{"--dns-provider:", "--dns-zone-name"}},
		{name: "a zone without its dot", args: []string{"a", "--dns-zone-name=example.com"}, want: []string{"must end with a dot"}},
		{name: "a provider file that is not there", args: []string{"a", "--dns-provider=coredns", "--dns-zone-name=e.", "--dns-provider-config=" + dir + "/none"}, want: []string{"--dns-provider-config: open"}},
		{name: "a provider file without its section", args: []string{"a", "--dns-provider=coredns", "--dns-zone-name=e.", "--dns-provider-config=" + badINI}, want: []string{"[Global]"}},
		{name: "a values file that is not there", args: []string{"a", "-f", dir + "/none.yaml"}, want: []string{"--values: open"}},
		{name: "a values file that is a list", args: []string{"a", "-f", badYAML}, want: []string{"not a YAML table"}},
		{name: "an override without a value", args: []string{"a", "--apiserver-arg-overrides=--v"}, want: []string{"--apiserver-arg-overrides:"}},
		{name: "a node selector without a value", args: []string{"a", "--node-selector=disk"}, want: []string{"--node-selector:"}},
		{name: "an unknown output format", args: []string{"a", "-o", "xml"}, want: []string{`"xml" is neither json nor yaml`}},
		{name: "a dry run in JSON", args: []string{"a", "--dry-run", "-o", "json"}, want: []string{"--output: the manifests of a dry run"}},
		{name: "a value that the chart does not know", args: []string{"a", "--set", "controlPlane.nosuch=1"}, want: []string{"nosuch"}},
		{name: "a value that the chart does not take", args: []string{"a", "--set", "controlPlane.etcd.replicas=2"}, want: []string{"controlPlane.etcd.replicas"}},
		{
			name: "a flag, and values that the chart does not take",
			args: []string{"a", "--dns-zone-name=foo", "--set", "controlPlane.bogus=1"},
			want: []string{"--dns-zone-name", "controlPlane: additional properties 'bogus' not allowed"},
		},
		{
			name: "one of everything",
			args: []string{
				"A", "b", "--nosuch", "--api-server-port=x", "--dry-run=maybe", "-o=xml", "--image=B A D", "--image-pull-policy=Sometimes", "--etcd-pv-capacity=big",
				"--api-server-service-type=External", "--api-server-advertise-address=here", "--controllermanager-arg-overrides=x", "--node-selector==y",
				"--etcd-servers=etcd", "--federation-system-namespace=N", "--dns-provider=azure", "-f", badYAML,
			},
			want: []string{
				"--nosuch", "--api-server-port", "--dry-run", "exactly one NAME", "--node-selector", "--controllermanager-arg-overrides", "--values", "--output", "NAME \"A\"",
				"--federation-system-namespace", "--image:", "--image-pull-policy", "--etcd-servers", "--etcd-pv-capacity", "--api-server-service-type", "--api-server-advertise-address",
				"--dns-provider:", "--dns-zone-name",
			},
		},
	}
	for _, tt := range tests {
		for _, command := range [][]string{{"init"}, {"init", "--dry-run"}, {"upgrade"}, {"generate", "--output=" + filepath.Join(dir, "out")}} {
			if command[0] == "generate" && slices.ContainsFunc(tt.args, func(arg string) bool { return strings.HasPrefix(arg, "-o") }) {
				continue // there -o is a directory
			}
			t.Run(strings.Join(command, " ")+": "+tt.name, func(t *testing.T) {
				c := newConsole(nil, nil)
				args := slices.Concat(command, tt.args)
				err := c.fedhelm(args...)
				wantUsage(t, err, tt.want)
				if len(c.connected) > 0 {
					t.Error("a host cluster was asked for")
				}
				if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
					t.Error("something was written")
				}
			})
		}
	}
}

func TestHelp(t *testing.T) {
	for _, command := range []string{"", "init", "upgrade", "generate", "status", "list", "join", "clusters", "describe", "dns", "dns list", "dns resolve", "dns drain", "dns undrain", "check", "unjoin", "kubeconfig", "delete", "version", "completion"} {
		t.Run("fedhelm "+command, func(t *testing.T) {
			c := newConsole(nil, nil)
			if err := c.fedhelm(strings.Fields(command + " --help")...); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "help", "fedhelm"+strings.TrimSuffix("-"+strings.ReplaceAll(command, " ", "-"), "-")+".txt")
			got := withoutVersion(c.out.String())
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s (-want +got); if meant, run make golden:\n%s", golden, diff)
			}
		})
	}
}

func TestHelpStandsAnywhere(t *testing.T) {
	for _, args := range [][]string{{"init", "x", "--help"}, {"init", "--help", "x"}, {"delete", "x", "-h"}, {"-h", "status", "x"}, {"dns", "resolve", "web", "-h"}} {
		c := newConsole(nil, nil)
		if err := c.fedhelm(args...); err != nil || !strings.Contains(c.out.String(), "USAGE:\n   fedhelm "+strings.Join(slices.DeleteFunc(args, func(arg string) bool {
			return arg == "x" || arg == "web" || strings.HasPrefix(arg, "-")
		}), " ")) {
			t.Errorf("%q: %v\n%s", args, err, c.out.String())
		}
	}
}

// withoutVersion takes out the one line that depends on the build.
func withoutVersion(help string) string {
	before, after, found := strings.Cut(help, "VERSION:\n")
	if !found {
		return help
	}
	_, after, _ = strings.Cut(after, "\n")
	return before + "VERSION:\n" + after
}

// wantUsage fails unless err is about the command line, with a line for each of the parts, in their order.
func wantUsage(t *testing.T, err error, parts []string) {
	t.Helper()
	if exitCode(err) != exitUsage {
		t.Fatalf("ends with %v (exit code %d), want exit code %d", err, exitCode(err), exitUsage)
	}
	lines := strings.Split(err.Error(), "\n")
	for i, part := range parts {
		if i >= len(lines) || !strings.Contains(lines[i], part) {
			t.Fatalf("line %d does not say %q:\n%v", i+1, part, err)
		}
	}
	if len(lines) != len(parts) {
		t.Errorf("%d lines, want %d:\n%v", len(lines), len(parts), err)
	}
}
