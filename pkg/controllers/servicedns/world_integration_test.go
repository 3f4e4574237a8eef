//go:build integration

package servicedns_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/cluster"
	"github.com/fedhelm/fedhelm/pkg/controllers/propagation"
	"github.com/fedhelm/fedhelm/pkg/controllers/servicedns"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

const soon = 30 * time.Second

var zone = dns.Zone{ID: "1", Name: "example.com."}

// world is a federation whose API is a real API server, with the controllers at work, and a zone in memory.
type world struct {
	t        *testing.T
	fed      *fedapi.API
	api      kubernetes.Interface // as administrator
	clusters client.Client
	dns      *inmemory.Server
	hosts    *hosts
	grace    time.Duration // until a member is offline
	stop     func()        // returns when the controllers have ended
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctrl.SetLogger(testr.NewWithInterface(t, testr.Options{}))
	fed := fedapi.Start(t, "shop")
	w := &world{t: t, fed: fed, api: fed.Kubernetes, clusters: fed.Client, dns: inmemory.New(zone), hosts: &hosts{}, grace: 3 * time.Second}
	w.run()
	return w
}

// run starts what the controller manager runs, as its user.
func (w *world) run() {
	w.t.Helper()
	mgr := w.fed.Manager(w.t)
	metrics := prometheus.NewRegistry()
	core := kubernetes.NewForConfigOrDie(mgr.GetConfig()).CoreV1()
	registry := fedapi.Registry(mgr, w.api.CoreV1().Secrets(fedapi.Namespace))
	recorder := mgr.GetEventRecorder(fedapi.User)
	health := cluster.New(cluster.Options{
		Members: registry, Clusters: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: recorder,
		Period: 500 * time.Millisecond, Timeout: 2 * time.Second, Threshold: 2, TopologyPeriod: time.Minute, Metrics: metrics,
	})
	var writer *state.Writer
	var publisher *servicedns.Controller
	controller, err := propagation.New(propagation.Options{
		Federation: fedapi.Federation, API: mgr.GetConfig(), Clusters: mgr.GetCache(), Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
		Members: registry, Ledger: ledger.New(core.ConfigMaps(ledger.Namespace)), Events: recorder, Kinds: kinds.Default(),
		Changed:       func(k delivery.Key) { writer.Changed(k); publisher.Changed(k) },
		FailoverGrace: time.Hour, FailoverPercent: 34, Metrics: metrics,
	})
	w.must(nil, err)
	writer = state.New(state.Options{API: w.fed.REST(w.t), Snapshot: controller.Snapshot, Events: recorder, Busy: controller.Busy})
	follower := endpoints.New(endpoints.Options{
		Federation: fedapi.Federation, Members: registry,
		Changed: func(member string, service types.NamespacedName) { publisher.EndpointsChanged(member, service) },
	})
	publisher = servicedns.New(servicedns.Options{
		Federation: fedapi.Federation, Services: core, Namespaces: core,
		Clusters: mgr.GetCache(), Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
		Snapshot: controller.Snapshot, Endpoints: follower, Resolver: w.hosts, Events: recorder,
		Zones: []servicedns.Zone{{
			Provider: "inmemory", Name: zone.Name, Suffix: zone.Name, Servers: func() []string { return []string{"192.0.2.53:53"} },
			Open: func(context.Context, func(string, error)) (dns.Provider, error) { return w.dns, nil },
		}},
		Resync: 5 * time.Second, UnsourcedPercent: 5, TTL: 60, OfflineGrace: w.grace, OfflinePercent: 34, Metrics: metrics,
	})
	write := manager.RunnableFunc(func(ctx context.Context) error {
		writer.Run(ctx)
		return nil
	})
	w.stop = fedapi.Run(w.t, mgr, registry, health, controller, write, follower, publisher)
}

func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// member is a cluster of the federation: an API server, and what its controllers would do is done by the test.
type member struct {
	*fedapi.Member
	w *world
}

// join makes a new API server with one node a member, and waits until it is Ready.
func (w *world) join(name, region, zone string) *member {
	w.t.Helper()
	m := &member{fedapi.StartMember(w.t, name), w}
	w.must(m.Client.CoreV1().Nodes().Create(w.t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{corev1.LabelTopologyRegion: region, corev1.LabelTopologyZone: zone},
	}}, metav1.CreateOptions{}))
	w.fed.Join(w.t, m.Member, nil)
	w.eventually(name+" to be Ready with its region", func() error {
		var c fedv1beta1.Cluster
		if err := w.clusters.Get(w.t.Context(), client.ObjectKey{Name: name}, &c); err != nil {
			return err
		}
		if c.Status.Region != region {
			return fmt.Errorf("status %+v", c.Status)
		}
		return nil
	})
	return m
}

// publish makes a Service in the federation API.
func (w *world) publish(name string, change ...func(*corev1.Service)) {
	w.t.Helper()
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	for _, f := range change {
		f(s)
	}
	w.must(w.api.CoreV1().Services("shop").Create(w.t.Context(), s, metav1.CreateOptions{}))
}

// external gives a Service external IPs, there.
func (w *world) external(where kubernetes.Interface, name string, at ...string) {
	w.t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"externalIPs": at}})
	w.must(nil, err)
	w.must(where.CoreV1().Services("shop").Patch(w.t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}))
}

// balance gives the copy of a Service addresses of load balancers: IPs or hostnames.
func (m *member) balance(name string, at ...string) {
	m.w.t.Helper()
	var ingress []corev1.LoadBalancerIngress
	for _, a := range at {
		if _, err := netip.ParseAddr(a); err == nil {
			ingress = append(ingress, corev1.LoadBalancerIngress{IP: a})
		} else {
			ingress = append(ingress, corev1.LoadBalancerIngress{Hostname: a})
		}
	}
	m.w.eventually(name+" to be in "+m.Name, func() error {
		s, err := m.Client.CoreV1().Services("shop").Get(m.w.t.Context(), name, metav1.GetOptions{})
		if err == nil {
			s.Status.LoadBalancer.Ingress = ingress
			_, err = m.Client.CoreV1().Services("shop").UpdateStatus(m.w.t.Context(), s, metav1.UpdateOptions{})
		}
		return err
	})
}

// endpoints makes the EndpointSlice of a Service, as Kubernetes' controller does.
func (m *member) endpoints(name string, ready bool) {
	m.w.t.Helper()
	all := m.Client.DiscoveryV1().EndpointSlices("shop")
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name + "-1", Labels: map[string]string{
			discoveryv1.LabelServiceName: name, fedv1beta1.LabelPropagatedBy: fedapi.Federation,
		}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
	}
	if _, err := all.Get(m.w.t.Context(), slice.Name, metav1.GetOptions{}); err == nil {
		m.w.must(all.Update(m.w.t.Context(), slice, metav1.UpdateOptions{}))
		return
	}
	m.w.must(all.Create(m.w.t.Context(), slice, metav1.CreateOptions{}))
}

// names waits until the zone has exactly these lines, but for marks, and returns how long that took.
func (w *world) names(what string, want ...string) time.Duration {
	w.t.Helper()
	slices.Sort(want)
	began := time.Now()
	w.eventually(what, func() error {
		got := slices.DeleteFunc(w.dns.Dump(zone), func(line string) bool { return strings.HasPrefix(line, "_fedhelm.") })
		if !slices.Equal(got, want) {
			return fmt.Errorf("the zone has\n%s", strings.Join(got, "\n"))
		}
		return nil
	})
	took := time.Since(began)
	w.t.Logf("%s: after %s", what, took.Round(time.Millisecond))
	return took
}

// condition waits until a Service has the condition with that reason; "" is none.
func (w *world) condition(name, reason, says string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("condition %s of %s to be %q", fedv1beta1.ServiceDNS, name, reason), func() error {
		s, err := w.api.CoreV1().Services("shop").Get(w.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		var is metav1.Condition
		for _, c := range s.Status.Conditions {
			if c.Type == fedv1beta1.ServiceDNS {
				is = c
			}
		}
		if is.Reason != reason || !strings.Contains(is.Message, says) {
			return fmt.Errorf("it is %q: %s", is.Reason, is.Message)
		}
		if (s.Annotations[fedv1beta1.AnnotationDNS] == "") != (reason == "") && reason != fedv1beta1.ReasonNoBackend {
			return fmt.Errorf("the annotation is %q", s.Annotations[fedv1beta1.AnnotationDNS])
		}
		return nil
	})
}

// event waits for one of a Service.
func (w *world) event(name, reason, says string) {
	w.t.Helper()
	w.eventually("event "+reason+" of "+name, func() error {
		all, err := w.api.EventsV1().Events("shop").List(w.t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		var got []string
		for _, e := range all.Items {
			if e.Regarding.Name == name && e.Reason == reason && strings.Contains(e.Note, says) {
				return nil
			}
			got = append(got, e.Reason+": "+e.Note)
		}
		return fmt.Errorf("there are %q", got)
	})
}

func (w *world) eventually(what string, f func() error) {
	w.t.Helper()
	eventually.Do(w.t, soon, what, f)
}

// annotate merges an annotation into a Service, or, with no Service, into a Cluster.
func (w *world) annotate(service, cluster, key, value string) {
	w.t.Helper()
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, key, value)
	if service != "" {
		w.must(w.api.CoreV1().Services("shop").Patch(w.t.Context(), service, types.MergePatchType, patch, metav1.PatchOptions{}))
		return
	}
	c := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster}}
	w.must(nil, w.clusters.Patch(w.t.Context(), c, client.RawPatch(types.MergePatchType, patch)))
}

// hosts resolves hostnames.
type hosts struct {
	mu sync.Mutex
	at map[string]string
}

func (h *hosts) Resolve(_ context.Context, name string) ([]netip.Addr, time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, err := netip.ParseAddr(h.at[name])
	return []netip.Addr{a}, time.Minute, err
}
