//go:build integration

package servicedns_test

import (
	"context"
	"errors"
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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fedhelm/fedhelm/hooks/bootstrap"
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
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

const (
	federation = "fellowship"
	namespace  = "federation-system" // of the members' Secrets, which are in the federation API here
	soon       = 30 * time.Second
)

var zone = dns.Zone{ID: "1", Name: "example.com."}

// world is a federation whose API is a real API server, with the controllers at work, and a zone in memory.
type world struct {
	t        *testing.T
	fed      *apiserver.Server
	scheme   *runtime.Scheme
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
	w := &world{t: t, fed: apiserver.Start(t), scheme: runtime.NewScheme(), dns: inmemory.New(zone), hosts: &hosts{}, grace: 3 * time.Second}
	w.api = kubernetes.NewForConfigOrDie(w.fed.Admin(t))
	if err := bootstrap.Run(t.Context(), bootstrap.Options{API: w.fed.REST(t), CRDs: fedv1beta1.CRDs(), Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{namespace, "shop"} {
		w.must(w.api.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}))
	}
	if err := errors.Join(clientgoscheme.AddToScheme(w.scheme), fedv1beta1.AddToScheme(w.scheme)); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.clusters, err = client.New(w.fed.Admin(t), client.Options{Scheme: w.scheme}); err != nil {
		t.Fatal(err)
	}
	w.run()
	return w
}

// run starts what the controller manager runs, as its user.
func (w *world) run() {
	w.t.Helper()
	again := true
	mgr, err := ctrl.NewManager(w.fed.Config(w.t, "federation-controller-manager"), ctrl.Options{
		Scheme: w.scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &again},
	})
	w.must(nil, err)
	metrics := prometheus.NewRegistry()
	core := kubernetes.NewForConfigOrDie(mgr.GetConfig()).CoreV1()
	registry := members.New(members.Options{
		Federation: federation, Clusters: mgr.GetCache(), Secrets: w.api.CoreV1().Secrets(namespace),
		ClientAddress: netip.MustParseAddr("127.0.0.1"), TokenLifetime: time.Hour, UserAgent: "integration-test",
	})
	recorder := mgr.GetEventRecorder("federation-controller-manager")
	health := cluster.New(cluster.Options{
		Members: registry, Clusters: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: recorder,
		Period: 500 * time.Millisecond, Timeout: 2 * time.Second, Threshold: 2, TopologyPeriod: time.Minute, Metrics: metrics,
	})
	var writer *state.Writer
	var publisher *servicedns.Controller
	controller, err := propagation.New(propagation.Options{
		Federation: federation, API: mgr.GetConfig(), Clusters: mgr.GetCache(), Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
		Members: registry, Ledger: ledger.New(core.ConfigMaps(ledger.Namespace)), Events: recorder, Kinds: kinds.Default(),
		Changed:       func(k delivery.Key) { writer.Changed(k); publisher.Changed(k) },
		FailoverGrace: time.Hour, FailoverPercent: 34, Metrics: metrics,
	})
	w.must(nil, err)
	writer = state.New(state.Options{API: w.fed.REST(w.t), Snapshot: controller.Snapshot, Events: recorder, Busy: controller.Busy})
	follower := endpoints.New(endpoints.Options{
		Federation: federation, Members: registry,
		Changed: func(member string, service types.NamespacedName) { publisher.EndpointsChanged(member, service) },
	})
	publisher = servicedns.New(servicedns.Options{
		Federation: federation, Services: core, Namespaces: core,
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
	for _, r := range []manager.Runnable{registry, health, controller, write, follower, publisher} {
		w.must(nil, mgr.Add(r))
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the manager ended with %v", err)
		}
		ended <- nil // for whoever stops again
	}
	w.t.Cleanup(func() { w.stop() })
}

func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// member is a cluster of the federation: an API server, and what its controllers would do is done by the test.
type member struct {
	*apiserver.Server
	w      *world
	name   string
	client kubernetes.Interface
}

// join makes a new API server with one node a member, and waits until it is Ready.
func (w *world) join(name, region, zone string) *member {
	w.t.Helper()
	m := &member{Server: apiserver.StartMember(w.t), w: w, name: name}
	config := m.Admin(w.t)
	m.client = kubernetes.NewForConfigOrDie(config)
	w.must(m.client.CoreV1().Nodes().Create(w.t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{corev1.LabelTopologyRegion: region, corev1.LabelTopologyZone: zone},
	}}, metav1.CreateOptions{}))
	kubeconfig, err := clientcmd.Write(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: m.URL, CertificateAuthorityData: config.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	})
	w.must(nil, err)
	w.must(w.api.CoreV1().Secrets(namespace).Create(w.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{fedv1beta1.AnnotationFederate: "false"},
			Labels: map[string]string{fedv1beta1.LabelFederation: federation, fedv1beta1.LabelCluster: name},
		},
		Data: map[string][]byte{"kubeconfig": kubeconfig},
	}, metav1.CreateOptions{}))
	w.must(nil, w.clusters.Create(w.t.Context(), &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: m.URL}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: name},
		},
	}))
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
	m.w.eventually(name+" to be in "+m.name, func() error {
		s, err := m.client.CoreV1().Services("shop").Get(m.w.t.Context(), name, metav1.GetOptions{})
		if err == nil {
			s.Status.LoadBalancer.Ingress = ingress
			_, err = m.client.CoreV1().Services("shop").UpdateStatus(m.w.t.Context(), s, metav1.UpdateOptions{})
		}
		return err
	})
}

// endpoints makes the EndpointSlice of a Service, as Kubernetes' controller does.
func (m *member) endpoints(name string, ready bool) {
	m.w.t.Helper()
	all := m.client.DiscoveryV1().EndpointSlices("shop")
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name + "-1", Labels: map[string]string{
			discoveryv1.LabelServiceName: name, fedv1beta1.LabelPropagatedBy: federation,
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
