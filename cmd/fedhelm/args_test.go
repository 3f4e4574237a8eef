package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestArrange(t *testing.T) {
	tests := []struct {
		name string
		args string
		want string
		errs int
	}{
		{name: "flags before the name", args: "init --dry-run fellowship", want: "init --dry-run=true -- fellowship"},
		{name: "flags behind the name", args: "init fellowship --dry-run", want: "init --dry-run=true -- fellowship"},
		{name: "flags before the command", args: "--kubeconfig /k init fellowship", want: "init --kubeconfig=/k -- fellowship"},
		{name: "values with and without =", args: "init --dns-provider coredns a --dns-zone-name=b.", want: "init --dns-provider=coredns --dns-zone-name=b. -- a"},
		{name: "a value that looks like a flag", args: "init a --apiserver-arg-overrides --v=4,--x=y", want: "init --apiserver-arg-overrides=--v=4,--x=y -- a"},
		{name: "a value with = in it", args: "init a --set x.y=z", want: "init --set=x.y=z -- a"},
		{name: "an empty value", args: "init a --dns-provider=", want: "init --dns-provider= -- a"},
		{name: "a switch does not take the next word", args: "init --etcd-persistent-storage=false --dry-run a", want: "init --etcd-persistent-storage=false --dry-run=true -- a"},
		{name: "short flags", args: "delete -y a -n ns", want: "delete -y=true -n=ns -- a"},
		{name: "what follows -- is no flag", args: "init -- --dry-run", want: "init -- --dry-run"},
		{name: "a lone dash is an argument or a value", args: "kubeconfig a -o -", want: "kubeconfig -o=- -- a"},
		{name: "a command below a command", args: "dns drain gondor --service a/b", want: "dns drain --service=a/b -- gondor"},
		{name: "flags in front of a command below", args: "--kubeconfig /k dns -n shop list web", want: "dns list --kubeconfig=/k -n=shop -- web"},
		{name: "a name like a command below", args: "dns list drain", want: "dns list -- drain"},
		{name: "an unknown command below is its command's to refuse", args: "dns frobnicate -A", want: "dns -A=true -- frobnicate"},
		{name: "an unknown flag of a command below", args: "dns list --nosuch", want: "dns list", errs: 1},
		{name: "who asks for help behind the name gets that of the command", args: "init fellowship --help", want: "init --help"},
		{name: "and in front of it", args: "init --help fellowship", want: "init --help"},
		{name: "and in front of the command", args: "-h dns list web", want: "dns list --help"},
		{name: "and beside flags that are wrong", args: "init fellowship --nosuch -h", want: "init --help"},
		{name: "of a command that there is not, there is no help", args: "frobnicate --help", want: "-- frobnicate"},
		{name: "nor below a command", args: "dns frobnicate --help", want: "dns -- frobnicate"},
		{name: "a name like a command", args: "init list", want: "init -- list"},
		{name: "every unknown flag is reported", args: "init --nosuch a --neither=1", want: "init -- a", errs: 2},
		{name: "every value that does not fit is reported", args: "init a --api-server-port=x --timeout=soon --dry-run=perhaps", want: "init -- a", errs: 3},
		{name: "a time limit is more than nothing", args: "init a --timeout=0s", want: "init -- a", errs: 1},
		{name: "a missing value", args: "init a --dns-provider", want: "init -- a", errs: 1},
		{name: "an unknown command is the library's to refuse", args: "frobnicate a", want: "-- frobnicate a"},
		{name: "a shell that asks for words is not disturbed", args: "init --dry --generate-bash-completion", want: "init --dry --generate-bash-completion"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := newConsole(nil, nil).app()
			got, err := arrange(app, append([]string{"fedhelm"}, strings.Fields(tt.args)...))
			if want := append([]string{"fedhelm"}, strings.Fields(tt.want)...); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			errs := 0
			if err != nil {
				errs = len(strings.Split(err.Error(), "\n"))
			}
			if errs != tt.errs {
				t.Errorf("%d errors, want %d: %v", errs, tt.errs, err)
			}
		})
	}
}

// Every command that takes a NAME, with a flag that must not get lost.
var named = map[string][]string{
	"init":       {"--host-cluster-context=moria", "--dns-provider=coredns", "--dns-zone-name=example.com."},
	"upgrade":    {"--host-cluster-context=moria", "--timeout=1s"},
	"status":     {"--host-cluster-context=moria", "-o", "json"},
	"kubeconfig": {"--host-cluster-context=moria", "--merge"},
	"delete":     {"--host-cluster-context=moria", "--yes"},
}

func TestFlagsStandBeforeAndBehindTheName(t *testing.T) {
	for command, flags := range named {
		t.Run(command, func(t *testing.T) {
			orders := [][]string{
				slices.Concat([]string{command}, flags, []string{"fellowship"}),
				slices.Concat([]string{command, "fellowship"}, flags),
				slices.Concat(flags[:1], []string{command, "fellowship"}, flags[1:]),
			}
			for _, args := range orders {
				c := newConsole(nil, nil)
				if err := c.fedhelm(args...); !errors.Is(err, errNoHost) {
					t.Errorf("%q ends with %v, want it to get as far as the host cluster", args, err)
				}
				if want := []hostOptions{{context: "moria"}}; !slices.Equal(c.connected, want) {
					t.Errorf("%q asked for the host clusters %+v, want %+v", args, c.connected, want)
				}
			}
		})
	}
	t.Run("generate", func(t *testing.T) {
		for _, args := range [][]string{{"generate", "-o", "", "fellowship"}, {"generate", "fellowship", "-o", ""}} {
			dir := t.TempDir()
			args[slices.Index(args, "")] = dir
			if err := newConsole(nil, nil).fedhelm(args...); err != nil {
				t.Errorf("%q: %v", args, err)
			}
		}
	})
}

func TestArgumentsAreCounted(t *testing.T) {
	tests := [][]string{
		{"init"}, {"init", "a", "b"}, {"init", "a", "--dry-run", "true"}, {"upgrade"}, {"generate", "-o", "x"}, {"generate", "-o", "x", "a", "b"},
		{"status"}, {"status", "a", "b"}, {"list", "a"}, {"kubeconfig"}, {"kubeconfig", "a", "b"}, {"delete", "--yes"}, {"delete", "--yes", "a", "b"},
		{"dns", "frobnicate"}, {"dns", "-A"}, {"dns", "list", "a", "b"}, {"dns", "resolve"}, {"dns", "resolve", "a", "b"}, {"dns", "drain"}, {"dns", "undrain", "a", "b"},
		{"version", "a"}, {"completion"}, {"completion", "bash", "zsh"}, {"completion", "tcsh"}, {"frobnicate"}, {"--nosuch"},
	}
	for _, args := range tests {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			c := newConsole(nil, nil)
			if err := c.fedhelm(args...); exitCode(err) != exitUsage {
				t.Errorf("ends with exit code %d (%v), want %d", exitCode(err), err, exitUsage)
			}
			if len(c.connected) > 0 {
				t.Error("a host cluster was asked for")
			}
		})
	}
}

func TestWhatTheUserMayHaveMeant(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{name: "a command with a letter amiss", args: []string{"stauts"}, want: `there is no command "stauts"; did you mean "status"? fedhelm --help lists them`},
		{name: "a command like no other", args: []string{"foo"}, want: `there is no command "foo"; fedhelm --help lists them`},
		{name: "help, which is a flag", args: []string{"help"}, want: `there is no command "help"; fedhelm --help lists them`},
		{name: "a flag with a letter amiss", args: []string{"init", "a", "--dry-rum"}, want: "unknown flag --dry-rum; did you mean --dry-run?"},
		{name: "a flag like no other", args: []string{"init", "a", "--bogus"}, want: "unknown flag --bogus"},
		{name: "a flag that other tools have", args: []string{"status", "a", "--namespace=x"}, want: "unknown flag --namespace; did you mean --federation-system-namespace?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := newConsole(nil, nil).fedhelm(tt.args...); exitCode(err) != exitUsage || err.Error() != tt.want {
				t.Errorf("ends with %v (exit code %d)\nwant %s", err, exitCode(err), tt.want)
			}
		})
	}
}
