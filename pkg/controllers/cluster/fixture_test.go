package cluster

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

const hostNamespace = "federation-system"

// fakeMember answers as an API server does, as far as it is asked.
type fakeMember struct {
	*httptest.Server
	status atomic.Int32 // of /readyz
	probes atomic.Int32
}

func newFakeMember(tb testing.TB) *fakeMember {
	tb.Helper()
	m := &fakeMember{}
	m.status.Store(http.StatusOK)
	m.Server = httptest.NewUnstartedServer(http.HandlerFunc(m.answer))
	m.EnableHTTP2 = true
	m.StartTLS()
	tb.Cleanup(m.Close)
	return m
}

func (m *fakeMember) answer(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch req.URL.Path {
	case "/readyz":
		m.probes.Add(1)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(int(m.status.Load()))
		fmt.Fprint(w, "[+]ping ok\n[-]etcd failed: reason withheld\n")
	case "/version":
		fmt.Fprint(w, `{"gitVersion":"v1.36.3"}`)
	case "/api/v1/namespaces/kube-system":
		fmt.Fprint(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"gondor-uid"}}`)
	case "/api/v1/nodes":
		fmt.Fprintf(w, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[{"metadata":{"name":"a","labels":{%q:"zone-a",%q:"west"}}}]}`,
			corev1.LabelTopologyZone, corev1.LabelTopologyRegion)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// fixture is a controller with fake members, hosts and federation API, all in memory but for the members' TLS.
type fixture struct {
	tb       testing.TB
	registry *members.Registry
	clusters client.Client
	metrics  *prometheus.Registry
	events   *events.FakeRecorder
	stop     func() // returns when the controller has ended
}

func newFixture(tb testing.TB, c clock.Clock, m *fakeMember, names ...string) *fixture {
	tb.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(fedv1beta1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		tb.Fatal(err)
	}
	var secrets, clusters []runtime.Object
	for _, name := range names {
		clusters = append(clusters, clusterOf(name, m))
		secrets = append(secrets, secretOf(name, m))
	}
	f := &fixture{tb: tb, metrics: prometheus.NewRegistry(), events: events.NewFakeRecorder(10 * len(names))}
	f.clusters = fakeclient.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&fedv1beta1.Cluster{}).
		WithRuntimeObjects(clusters...).WithInterceptorFuncs(interceptor.Funcs{Apply: applyLabels}).Build()
	f.registry = members.New(members.Options{
		Federation: "fellowship", Secrets: fake.NewClientset(secrets...).CoreV1().Secrets(hostNamespace), TokenLifetime: time.Hour, Clock: c,
	})
	controller := New(Options{
		Members: f.registry, Clusters: f.clusters, Live: f.clusters, Events: f.events, Metrics: f.metrics, Clock: c,
		Period: 10 * time.Second, Timeout: 5 * time.Second, Threshold: 3, TopologyPeriod: time.Minute,
		Jitter: func(d time.Duration) time.Duration { return d },
	})
	ctx, cancel := context.WithCancel(tb.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = controller.Start(ctx)
	}()
	f.stop = func() {
		cancel()
		<-ended
		for _, name := range f.registry.Names() {
			f.registry.Forget(name)
		}
	}
	for _, c := range clusters {
		f.registry.Follow(tb.Context(), c.(*fedv1beta1.Cluster))
	}
	return f
}

// applyLabels does what an API server does with labels that nobody else owns. The fake client would take the fields that are not there
// for empty ones.
func applyLabels(ctx context.Context, c client.WithWatch, apply runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
	var want struct {
		Metadata struct {
			Name   string            `json:"name"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	raw, err := json.Marshal(apply)
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil {
		return err
	}
	var have fedv1beta1.Cluster
	if err := c.Get(ctx, client.ObjectKey{Name: want.Metadata.Name}, &have); err != nil {
		return err
	}
	have.Labels = want.Metadata.Labels
	return c.Update(ctx, &have)
}

func clusterOf(name string, m *fakeMember) *fedv1beta1.Cluster {
	return &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name)},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: m.URL}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: "fellowship." + name},
		},
	}
}

func secretOf(name string, m *fakeMember) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: "fellowship." + name, Namespace: hostNamespace, ResourceVersion: "1",
			Labels: map[string]string{fedv1beta1.LabelFederation: "fellowship", fedv1beta1.LabelCluster: name},
		},
		Data: map[string][]byte{
			members.TokenKey: []byte("opaque"),
			members.CAKey:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.Certificate().Raw}),
		},
	}
}

// reads returns the condition Ready of a Cluster, as "Status Reason".
func (f *fixture) reads(name string) (string, *fedv1beta1.Cluster) {
	var c fedv1beta1.Cluster
	if err := f.clusters.Get(f.tb.Context(), client.ObjectKey{Name: name}, &c); err != nil {
		return err.Error(), nil
	}
	ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady)
	if ready == nil {
		return "", &c
	}
	return string(ready.Status) + " " + ready.Reason, &c
}

func (f *fixture) becomes(name, want string) *fedv1beta1.Cluster {
	f.tb.Helper()
	var c *fedv1beta1.Cluster
	eventually.Do(f.tb, 10*time.Second, name+" to be "+want, func() error {
		var have string
		if have, c = f.reads(name); have != want {
			return fmt.Errorf("it is %q: %+v", have, c.Status)
		}
		return nil
	})
	return c
}

// event returns the next one, which must come soon, or already be there.
func (f *fixture) event(says string) {
	f.tb.Helper()
	select {
	case e := <-f.events.Events:
		if !strings.Contains(e, says) {
			f.tb.Errorf("event %q, want one that says %q", e, says)
		}
	case <-time.After(5 * time.Second):
		f.tb.Errorf("there is no event that says %q", says)
	}
}
