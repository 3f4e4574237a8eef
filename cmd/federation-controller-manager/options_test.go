package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/fedhelm/fedhelm/pkg/managerflags"
)

// asTheChart passes them.
var good = []string{
	"--kubeconfig=/etc/federation/controller-manager/kubeconfig", "--federation-name=fellowship", "--federation-namespace=federation-system",
	"--leader-elect=true", "--health-bind-address=:8081", "--metrics-bind-address=:8080", "--pprof-bind-address=127.0.0.1:6060",
	"--client-address=10.244.0.7",
	"--dns-provider=coredns", "--zone-name=example.com.", "--dns-provider-config=/etc/federation/dns-provider/federation-dns-provider.conf",
	"--dns-ttl=60s", "--dns-hostnames=resolve", "--dns-resync-period=5m", "--dns-offline-grace=1m", "--dns-create-zone=false", "--v=4",
}

func TestParseTakesWhatTheChartPasses(t *testing.T) {
	o, err := parse(good, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if o.federation != "fellowship" || !o.election.enabled || o.election.leaseDuration != 15*time.Second || o.log.verbosity != 4 || !o.dns.enabled() {
		t.Errorf("parsed %+v", o)
	}
}

func TestParseTakesValuesThatStandByThemselves(t *testing.T) {
	o, err := parse([]string{"--kubeconfig", "k", "--federation-name", "f", "-v", "2", "--leader-elect", "--vmodule", "a=1,b=2"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if o.kubeconfig != "k" || o.federation != "f" || o.log.verbosity != 2 || !o.election.enabled || o.log.vmodule != "a=1,b=2" {
		t.Errorf("parsed %+v", o)
	}
}

// Those who write the command line know the flags from there.
func TestManagerFlagsAreThoseOfThisProgram(t *testing.T) {
	fs := pflag.NewFlagSet(program, pflag.ContinueOnError)
	new(options).addFlags(fs)
	var names []string
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Name != "version" { // after it nothing runs
			names = append(names, f.Name)
		}
	})
	slices.Sort(names)
	if got := managerflags.Names(); !slices.Equal(got, names) {
		t.Errorf("package managerflags has\n%s\nwant\n%s", got, names)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name string
		args []string // after the good ones
		want []string
	}{
		{name: "a federation API that is not named", args: []string{"--kubeconfig="}, want: []string{"--kubeconfig", "federation API"}},
		{name: "a master that is no URL", args: []string{"--master=somewhere"}, want: []string{"--master"}},
		{name: "a name that is no label", args: []string{"--federation-name=The_Ring"}, want: []string{"--federation-name"}},
		{name: "an empty namespace", args: []string{"--federation-namespace="}, want: []string{"--federation-namespace"}},
		{name: "an unknown flag", args: []string{"--nonsense=1"}, want: []string{"--nonsense"}},
		{name: "a duration without a unit", args: []string{"--leader-elect-lease-duration=15"}, want: []string{"leader-elect-lease-duration"}},
		{name: "a lease shorter than its renewal", args: []string{"--leader-elect-lease-duration=10s"}, want: []string{"--leader-elect-lease-duration", "--leader-elect-renew-deadline"}},
		{name: "a renewal with no time to try twice", args: []string{"--leader-elect-retry-period=9s"}, want: []string{"--leader-elect-renew-deadline", "1.2"}},
		{name: "no pause between tries", args: []string{"--leader-elect-retry-period=0s"}, want: []string{"--leader-elect-retry-period"}},
		{name: "an address without a port", args: []string{"--health-bind-address=localhost"}, want: []string{"--health-bind-address"}},
		{name: "no health address, which the kubelet needs", args: []string{"--health-bind-address=0"}, want: []string{"--health-bind-address"}},
		{name: "an unknown DNS provider", args: []string{"--dns-provider=bind"}, want: []string{"--dns-provider", "rfc2136"}},
		{name: "a zone without its dot", args: []string{"--zone-name=example.com"}, want: []string{"--zone-name", `"example.com."`}},
		{name: "a DNS provider without a zone", args: []string{"--zone-name="}, want: []string{"--zone-name"}},
		{name: "a suffix that is not in the zone", args: []string{"--service-dns-suffix=example.org."}, want: []string{"--service-dns-suffix", `"example.com."`}},
		{
			name: "further zones that are none", args: []string{"--dns-zone=provider=bind,zone=example.org", "--dns-zone=sone=x"},
			want: []string{"--dns-zone=provider=bind", "rfc2136", `"example.org."`, "--dns-zone=sone=x", "zone-id="},
		},
		{
			name: "a zone that is given twice", args: []string{"--dns-zone=provider=rfc2136,zone=a.example.", "--dns-zone=provider=rfc2136,zone=a.example.,suffix=b.a.example."},
			want: []string{"suffix=b.a.example.", "twice"},
		},
		{name: "further zones without a first one", args: []string{"--dns-provider=none", "--dns-zone=provider=rfc2136,zone=a.example."}, want: []string{"--dns-zone", "--zone-name"}},
		{name: "a TTL that is none", args: []string{"--dns-ttl=500ms"}, want: []string{"--dns-ttl", "1s to 24h"}},
		{name: "hostnames that become something else", args: []string{"--dns-hostnames=alias"}, want: []string{"--dns-hostnames", "cname"}},
		{
			name: "zones that are compared all the time, and members that are away before they are", args: []string{"--dns-resync-period=0s", "--dns-offline-grace=-1s"},
			want: []string{"--dns-resync-period", "--dns-offline-grace"},
		},
		{name: "a former federation without a UID", args: []string{"--dns-adopt-uids=a,,b"}, want: []string{"--dns-adopt-uids"}},
		{name: "an unknown log format", args: []string{"--log-format=xml"}, want: []string{"--log-format"}},
		{name: "vmodule that is none", args: []string{"--vmodule=a"}, want: []string{"--vmodule"}},
		{name: "vmodule with JSON", args: []string{"--log-format=json", "--vmodule=a=1"}, want: []string{"--vmodule"}},
		{name: "a negative verbosity", args: []string{"--v=-1"}, want: []string{"--v=-1"}},
		{name: "no requests at all", args: []string{"--federated-api-qps=0", "--federated-api-burst=0"}, want: []string{"--federated-api-qps", "--federated-api-burst"}},
		{name: "members that are asked without a pause", args: []string{"--cluster-monitor-period=0s"}, want: []string{"--cluster-monitor-period"}},
		{name: "members that have no time to answer", args: []string{"--cluster-monitor-timeout=-1s"}, want: []string{"--cluster-monitor-timeout"}},
		{name: "members that are never well", args: []string{"--cluster-failure-threshold=0"}, want: []string{"--cluster-failure-threshold"}},
		{name: "nodes that are looked at without a pause", args: []string{"--cluster-topology-period=0s"}, want: []string{"--cluster-topology-period"}},
		{name: "a token's life that no server gives", args: []string{"--member-token-lifetime=5m"}, want: []string{"--member-token-lifetime", "10m"}},
		{name: "an own address that is a name", args: []string{"--client-address=gondor"}, want: []string{"--client-address"}},
		{
			name: "kinds that cannot be federated, with those that can be", args: []string{"--federated-kinds=deployments,pods,services"},
			want: []string{"--federated-kinds", `"deployments"`, `"pods"`, "deployments.apps, "},
		},
		{name: "a member that fails before it does", args: []string{"--failover-grace=-1s"}, want: []string{"--failover-grace"}},
		{
			name: "more than everything", args: []string{"--failover-limit=101", "--unsourced-deletion-limit=-1"},
			want: []string{"--failover-limit=101", "--unsourced-deletion-limit=-1"},
		},
		{name: "surplus arguments", args: []string{"extra", "more"}, want: []string{`"extra"`, `"more"`}},
		{
			name: "everything that is wrong, at once", args: []string{"--nonsense", "--v=x", "extra", "--dns-provider", "bind", "--leader-elect=perhaps"},
			want: []string{"--nonsense", `"x"`, `"extra"`, "bind", "perhaps"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(append(good[:len(good):len(good)], tt.args...), &bytes.Buffer{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range tt.want {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("error %q does not say %q", err, s)
				}
			}
		})
	}
}

func TestParseAllowsNoDNS(t *testing.T) {
	for _, provider := range []string{"", "none"} {
		args := []string{"--kubeconfig=k", "--federation-name=f", "--dns-provider=" + provider}
		if o, err := parse(args, &bytes.Buffer{}); err != nil || o.dns.enabled() {
			t.Errorf("--dns-provider=%q: %v, enabled %t", provider, err, o.dns.enabled())
		}
	}
}

func TestRunExitCodes(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want int
		says string
	}{
		{name: "help is no failure", args: []string{"--help"}, want: 0, says: "--federation-name string"},
		{name: "the version is printed, whatever else is there", args: []string{"--version", "--nonsense"}, want: 0, says: program + " dev"},
		{name: "bad flags", args: []string{"--nonsense"}, want: 2, says: "unknown flag: --nonsense"},
		{
			name: "no access to the host cluster", want: 1, says: "--host-kubeconfig",
			args: []string{"--federation-name=f", "--kubeconfig=testdata/kubeconfig", "--metrics-bind-address=0"},
		},
		{
			name: "a host kubeconfig that is missing", want: 1, says: "--host-kubeconfig=/nonexistent",
			args: []string{"--federation-name=f", "--kubeconfig=testdata/kubeconfig", "--metrics-bind-address=0", "--host-kubeconfig=/nonexistent"},
		},
		{name: "a kubeconfig that is missing", args: []string{"--federation-name=f", "--kubeconfig=/nonexistent"}, want: 1, says: "/nonexistent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := run(t.Context(), tt.args, &out, &out); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			if !strings.Contains(out.String(), tt.says) {
				t.Errorf("output does not say %q:\n%s", tt.says, out.String())
			}
		})
	}
}

func TestHelpIsTold(t *testing.T) {
	if _, err := parse([]string{"-h"}, &bytes.Buffer{}); !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("parse(-h) = %v, want pflag.ErrHelp", err)
	}
}
