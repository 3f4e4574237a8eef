package servicedns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
)

func TestNamesOfDNSZones(t *testing.T) {
	const aws, google = "aws-route53", "google-clouddns"
	for _, tt := range []struct {
		name  string
		zones []Zone
		want  []string
	}{
		{name: "the zone's", zones: []Zone{{Provider: aws, Name: "example.com.", ID: "Z1"}, {Provider: aws, Name: "example.org."}}, want: []string{"example.com", "example.org"}},
		{name: "the provider too, of zones that are called alike", zones: []Zone{{Provider: aws, Name: "example.com.", ID: "Z1"}, {Provider: google, Name: "example.com."}}, want: []string{"aws-route53.example.com", "google-clouddns.example.com"}},
		{
			name:  "the id too, where the provider has both",
			zones: []Zone{{Provider: aws, Name: "example.com.", ID: "Z1"}, {Provider: aws, Name: "example.com.", ID: "/hostedzone/Z2"}},
			want:  []string{"aws-route53.example.com.z1", "aws-route53.example.com.z2"},
		},
		{name: "without an id it is as it was", zones: []Zone{{Provider: aws, Name: "example.com."}, {Provider: aws, Name: "example.com.", ID: "Z2"}}, want: []string{"aws-route53.example.com", "aws-route53.example.com.z2"}},
		{name: "and the second of two has its place", zones: []Zone{{Provider: aws, Name: "example.com."}, {Provider: aws, Name: "example.com."}}, want: []string{"aws-route53.example.com", "aws-route53.example.com.2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := objectNames(tt.zones); !slices.Equal(got, tt.want) {
				t.Errorf("objectNames = %q, want %q", got, tt.want)
			}
		})
	}
}

// Of a public and a private zone of one name one fails: the other has the names, and each says how it stands with it.
func TestTwoZonesOfOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scheme := runtime.NewScheme()
		if err := fedv1beta1.AddToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		registry := prometheus.NewRegistry()
		api := fakeclient.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&fedv1beta1.DNSZone{}).Build()
		public, private := dns.Zone{ID: "Z1", Name: "example.com."}, dns.Zone{ID: "Z2", Name: "example.com.", Private: true}
		works, fails := inmemory.New(public, private), inmemory.New(public, private)
		fails.Fail(inmemory.Faults{Call: func(string) error { return errors.New("the private one is away") }})
		served := func(id string, server *inmemory.Server) Zone {
			return Zone{Provider: "inmemory", Name: "example.com.", ID: id, Suffix: "example.com.", Open: func(context.Context, func(string, error)) (dns.Provider, error) { return server, nil }}
		}
		c := New(Options{
			Federation: "fellowship", Services: fake.NewClientset().CoreV1(), Client: api, Live: api, TTL: 60, UnsourcedPercent: 5, OfflinePercent: 34, Metrics: registry,
			Snapshot: func(delivery.Key) (state.Snapshot, bool) { return state.Snapshot{}, false },
			Zones:    []Zone{served("Z1", works), served("Z2", fails)},
		})
		c.zones = c.newZones("uid")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, z := range c.zones {
			running.Go(func() { z.keeper.Run(ctx) })
		}
		f, _ := fleetOf([]fedv1beta1.Cluster{clusterOf("gondor", metav1.ConditionTrue, time.Hour)}, grace{time.Minute, 34}, noon)
		c.fleet.Store(f)
		p := published{c, t, works}
		p.put(0, false)
		for _, z := range c.zones {
			z.keeper.Known()
		}
		p.later(2 * time.Second)
		if lines := works.Dump(public); !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, " A 192.0.2.6") }) || len(works.Dump(private)) > 0 {
			t.Errorf("the zone that works has %q, and its twin %q", lines, works.Dump(private))
		}
		for i, ready := range []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse} {
			if err := c.tellZone(ctx, c.zones[i]); err != nil {
				t.Fatal(err)
			}
			z := &fedv1beta1.DNSZone{}
			name := []string{"inmemory.example.com.z1", "inmemory.example.com.z2"}[i]
			if err := api.Get(ctx, client.ObjectKey{Name: name}, z); err != nil {
				t.Fatal(err)
			}
			if is := z.Status.Conditions[0]; is.Type != fedv1beta1.DNSZoneReady || is.Status != ready {
				t.Errorf("DNSZone %s: %+v, want Ready %s", name, is, ready)
			}
		}
		if got := readyByZone(t, registry); len(got) != 2 || got["inmemory.example.com.z1"] != 1 || got["inmemory.example.com.z2"] != 0 {
			t.Errorf("federation_dns_zone_ready = %v, want that of each zone", got)
		}
		cancel()
		c.queue.ShutDown()
		c.hosts.queue.ShutDown()
		running.Wait()
	})
}

// Members could say hostnames that lead from one of the federation's zones to another, and back.
func TestNoZoneLeadsIntoAnother(t *testing.T) {
	c := New(Options{
		Federation: "fellowship", Services: fake.NewClientset().CoreV1(), TTL: 60,
		Zones: []Zone{{Provider: "inmemory", Name: "example.com.", Suffix: "example.com."}, {Provider: "inmemory", Name: "corp.example.", Suffix: "fed.corp.example."}},
	})
	for _, hostname := range []string{"db.shop.fellowship.svc.example.com", "db.shop.fellowship.svc.west.fed.corp.example"} {
		s := dns.Service{Namespace: "shop", Name: "web", TTL: 60, Backends: []dns.Backend{{Member: "gondor", Hostname: hostname}}}
		for _, z := range c.newZones("uid") {
			if wanted, problems := dns.Desired(z.naming, s, []dns.Member{{Name: "gondor"}}); len(wanted) > 0 || len(problems) != 1 {
				t.Errorf("hostname %s: zone %s shall have %v, problems %v; want nothing but a problem", hostname, z.name, wanted, problems)
			}
		}
	}
}

// readyByZone is a metric by the names of DNSZones.
func readyByZone(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if family.GetName() == "federation_dns_zone_ready" && label.GetName() == "dnszone" {
					values[label.GetValue()] = m.GetGauge().GetValue()
				}
			}
		}
	}
	return values
}
