//go:build integration

package memberdns_test

import (
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mdns "github.com/miekg/dns"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm"
	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/coredns"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
	"github.com/fedhelm/fedhelm/pkg/testutil/zoneserver"
)

const (
	domain = "fellowship.svc.cluster.local."
	// runOut is when the resolver's answers have.
	runOut = 1500 * time.Millisecond
)

// The zone's server as charts/federation-dns makes it, and a member's resolver as charts/federation-member does, with the records that the
// controller manager writes: what a pod in the member gets.
func TestIntegrationNamesOfABundledServerInAMember(t *testing.T) {
	zone := zoneserver.Start(t, "example.com.")
	server, stop := startServer(t, zone)
	dead := process.FreeAddress(t)
	resolver := startResolver(t, []any{server, dead}, map[string]any{"zone": "south-a", "region": "south"})

	write := writer(t, zone)
	write("203.0.113.7")
	ask(t, resolver, "web.default."+domain, mdns.TypeA, []string{
		"web.default." + domain + " 5 IN CNAME web.default.fellowship.svc.south-a.south.example.com.",
		"web.default.fellowship.svc.south-a.south.example.com. 1 IN CNAME web.default.fellowship.svc.south.example.com.",
		"web.default.fellowship.svc.south.example.com. 1 IN CNAME web.default.fellowship.svc.example.com.",
		"web.default.fellowship.svc.example.com. 1 IN A 203.0.113.7",
	})
	write("203.0.113.8")
	leadsTo(t, resolver, "203.0.113.8")
	ask(t, resolver, "_fedhelm."+domain, mdns.TypeTXT, []string{`_fedhelm.` + domain + ` 5 IN TXT "federation=fellowship" "uid=some-uid"`})
	// Another zone is nobody's business there.
	ask(t, server, "example.org.", mdns.TypeA, []string{"REFUSED"})

	// What the zone said last holds, when the answers have run out, while its etcd does not answer, and while nobody does.
	zone.StopEtcd()
	time.Sleep(runOut)
	leadsTo(t, resolver, "203.0.113.8")
	stop()
	time.Sleep(runOut)
	leadsTo(t, resolver, "203.0.113.8")
}

// leadsTo waits until the name leads to an address. A zone that takes more than a second to answer is overtaken by what it said before.
func leadsTo(t *testing.T, resolver, address string) {
	t.Helper()
	eventually.Do(t, 30*time.Second, "the name to lead to "+address, func() error {
		m, err := exchange(resolver, "web.default."+domain, mdns.TypeA, "udp")
		if err != nil {
			return err
		}
		if n := len(m.Answer); n == 0 || !strings.HasSuffix(m.Answer[n-1].String(), address) {
			return fmt.Errorf("%s %v", mdns.RcodeToString[m.Rcode], m.Answer)
		}
		return nil
	})
}

// writer makes the zone lead to one address in another region.
func writer(t *testing.T, zone *zoneserver.Server) func(address string) {
	t.Helper()
	provider, err := coredns.New(coredns.Options{
		Endpoints: []string{zone.Etcd}, Zones: []string{"example.com."}, PathPrefix: "skydns",
		CAFile: zone.File("ca.crt"), CertFile: zone.File("client.crt"), KeyFile: zone.File("client.key"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Close() })
	at := dns.Zone{ID: "example.com.", Name: "example.com."}
	return func(address string) {
		t.Helper()
		wanted, problems := dns.Desired(
			dns.Naming{Federation: "fellowship", Suffix: "example.com."},
			dns.Service{Namespace: "default", Name: "web", TTL: 60, Backends: []dns.Backend{{Member: "rohan", Addresses: []netip.Addr{netip.MustParseAddr(address)}}}},
			[]dns.Member{{Name: "gondor", Region: "south", Zones: []string{"south-a"}}, {Name: "rohan", Region: "west", Zones: []string{"west-a"}}},
		)
		if len(problems) > 0 {
			t.Fatalf("problems: %v", problems)
		}
		sets, err := provider.Records(t.Context(), at, at.Name)
		if err != nil {
			t.Fatal(err)
		}
		units, conflicts := dns.Plan(dns.Owner{Federation: "fellowship", UID: "some-uid"}, wanted, dns.NewIndex(sets), dns.Scope{All: true})
		if len(conflicts) > 0 {
			t.Fatalf("conflicts: %v", conflicts)
		}
		if err := provider.Apply(t.Context(), at, units); err != nil {
			t.Fatal(err)
		}
	}
}

// startServer runs the CoreDNS of charts/federation-dns before the zone's etcd.
func startServer(t *testing.T, zone *zoneserver.Server) (at string, stop func()) {
	t.Helper()
	files, err := fs.Sub(fedhelm.Chart(), "charts/federation-dns")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := chart.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	text := corefile(t, loaded, "server/configmap.yaml", map[string]any{
		"global": map[string]any{"dns": map[string]any{"provider": "coredns", "zone": "example.com."}},
	})
	at = process.FreeAddress(t)
	return at, start(t, at, strings.NewReplacer(
		":5353 {", ":"+port(at)+" {\n    bind 127.0.0.1",
		"https://fellowship-dns-etcd-client.federation-system.svc:2379", zone.Etcd,
		"/etc/federation/dns/", zone.Dir+"/",
		":8080", process.FreeAddress(t), ":8181", process.FreeAddress(t), ":9153", process.FreeAddress(t),
	).Replace(text))
}

// startResolver runs the resolver of charts/federation-member, before a cluster without Services.
func startResolver(t *testing.T, servers []any, topology map[string]any) string {
	t.Helper()
	loaded, err := chart.LoadMember()
	if err != nil {
		t.Fatal(err)
	}
	text := corefile(t, loaded, "resolver/configmap.yaml", map[string]any{
		"federation": map[string]any{"name": "fellowship", "uid": "some-uid"}, "cluster": "gondor",
		"dns": map[string]any{
			"zone": "example.com.", "topology": topology,
			"resolver": map[string]any{"enabled": true, "zoneServers": servers},
		},
	})
	cluster := apiserver.StartMember(t)
	at, local, federation := process.FreeAddress(t), process.FreeAddress(t), process.FreeAddress(t)
	start(t, at, strings.NewReplacer(
		":1053 {", ":"+port(at)+" {\n    bind 127.0.0.1",
		"5301", port(local), "5302", port(federation),
		"kubernetes cluster.local {", "kubernetes cluster.local {\n        kubeconfig "+cluster.Kubeconfig(t, "resolver", "system:masters"),
		":8080", process.FreeAddress(t), ":8181", process.FreeAddress(t), ":9153", process.FreeAddress(t),
	).Replace(text))
	return at
}

func corefile(t *testing.T, c *helmchart.Chart, template string, values map[string]any) string {
	t.Helper()
	all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: "fellowship", Namespace: "federation-system"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		t.Fatal(err)
	}
	var config corev1.ConfigMap
	if err := yaml.Unmarshal([]byte(rendered[path.Join(c.Name(), "templates", template)]), &config); err != nil {
		t.Fatal(err)
	}
	return config.Data["Corefile"]
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// start runs CoreDNS, and returns when it answers anything.
func start(t *testing.T, at, text string) (stop func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Corefile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	running := process.Start(t, apiserver.Program(t, "coredns"), "-conf", file)
	eventually.Do(t, 60*time.Second, "CoreDNS to answer", func() error {
		select {
		case <-running.Done():
			t.Fatalf("CoreDNS has ended with this Corefile:\n%s", text)
		default:
		}
		_, err := exchange(at, "x.example.com.", mdns.TypeA, "tcp")
		return err
	})
	return func() {
		running.Signal(os.Kill)
		<-running.Done()
	}
}

func exchange(server, name string, qtype uint16, network string) (*mdns.Msg, error) {
	client := &mdns.Client{Net: network, Timeout: 8 * time.Second}
	m, _, err := client.Exchange(new(mdns.Msg).SetQuestion(name, qtype), server)
	return m, err
}

// ask wants this answer over UDP and over TCP, soon.
func ask(t *testing.T, server, name string, qtype uint16, want []string) {
	t.Helper()
	for _, network := range []string{"udp", "tcp"} {
		var got []string
		eventually.Do(t, 30*time.Second, "an answer for "+name, func() error {
			m, err := exchange(server, name, qtype, network)
			if err != nil {
				return err
			}
			if got = nil; m.Rcode != mdns.RcodeSuccess {
				got = []string{mdns.RcodeToString[m.Rcode]}
			}
			for _, rr := range m.Answer {
				got = append(got, strings.Join(strings.Fields(rr.String()), " "))
			}
			if slices.Equal(got, want) || m.Rcode == mdns.RcodeSuccess && len(m.Answer) > 0 {
				return nil
			}
			return &net.DNSError{Err: strings.Join(got, "; "), Name: name}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s over %s (-want +got):\n%s", name, network, diff)
		}
	}
}
