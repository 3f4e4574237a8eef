//go:build integration

package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	"github.com/fedhelm/fedhelm/pkg/controllers/customkinds"
	"github.com/fedhelm/fedhelm/pkg/controllers/propagation"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

const (
	federation = "fellowship"
	namespace  = "federation-system" // of the members' Secrets, which are in the federation API here
	grace      = 3 * time.Second     // of fail-over
	soon       = 20 * time.Second
)

// world is a federation whose API is a real API server, and the controllers at work.
type world struct {
	t        *testing.T
	fed      *apiserver.Server
	scheme   *runtime.Scheme
	api      kubernetes.Interface // as administrator
	clusters client.Client
	metrics  *prometheus.Registry
	stop     func() // returns when the controllers have ended
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctrl.SetLogger(testr.NewWithInterface(t, testr.Options{}))
	w := &world{t: t, fed: apiserver.Start(t), scheme: runtime.NewScheme()}
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
	config := config.Controller{SkipNameValidation: &again}
	mgr, err := ctrl.NewManager(w.fed.Config(w.t, "federation-controller-manager"), ctrl.Options{
		Scheme: w.scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.metrics = prometheus.NewRegistry()
	core := kubernetes.NewForConfigOrDie(mgr.GetConfig()).CoreV1()
	registry := members.New(members.Options{
		Federation: federation, Clusters: mgr.GetCache(), Secrets: w.api.CoreV1().Secrets(namespace),
		ClientAddress: netip.MustParseAddr("127.0.0.1"), TokenLifetime: time.Hour, UserAgent: "integration-test",
	})
	recorder := mgr.GetEventRecorder("federation-controller-manager")
	health := cluster.New(cluster.Options{
		Members: registry, Clusters: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: recorder,
		Period: 500 * time.Millisecond, Timeout: time.Second, Threshold: 2, TopologyPeriod: time.Minute, Metrics: w.metrics,
	})
	custom := customkinds.New(customkinds.Options{Definitions: mgr.GetCache(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient()})
	var writer *state.Writer
	controller, err := propagation.New(propagation.Options{
		Federation: federation, API: mgr.GetConfig(), Clusters: mgr.GetCache(), Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
		Members: registry, Ledger: ledger.New(core.ConfigMaps(ledger.Namespace)), Events: recorder, Kinds: kinds.Default(), CustomKinds: custom,
		Changed: func(k delivery.Key) { writer.Changed(k) }, FailoverGrace: grace, FailoverPercent: 34, Metrics: w.metrics,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	writer = state.New(state.Options{API: w.fed.REST(w.t), Snapshot: controller.Snapshot, Events: recorder, Busy: controller.Busy})
	write := manager.RunnableFunc(func(ctx context.Context) error {
		writer.Run(ctx)
		return nil
	})
	if err := errors.Join(mgr.Add(registry), mgr.Add(health), mgr.Add(custom), mgr.Add(controller), mgr.Add(write)); err != nil {
		w.t.Fatal(err)
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

// member is a cluster of the federation.
type member struct {
	*apiserver.Server
	name   string
	client kubernetes.Interface
}

// join makes a new API server a member, and waits until it is Ready.
func (w *world) join(name string, labels map[string]string) *member {
	w.t.Helper()
	m := &member{Server: apiserver.StartMember(w.t), name: name}
	config := m.Admin(w.t)
	m.client = kubernetes.NewForConfigOrDie(config)
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
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: m.URL}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: name},
		},
	}))
	w.ready(name, metav1.ConditionTrue)
	return m
}

func (w *world) ready(name string, want metav1.ConditionStatus) {
	w.t.Helper()
	w.condition(name, fedv1beta1.ClusterReady, want)
}

// condition waits until a Cluster has a condition; "" is none.
func (w *world) condition(name, kind string, want metav1.ConditionStatus) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("condition %s of %s to be %q", kind, name, want), func() error {
		var c fedv1beta1.Cluster
		if err := w.clusters.Get(w.t.Context(), client.ObjectKey{Name: name}, &c); err != nil {
			return err
		}
		var status metav1.ConditionStatus
		for _, condition := range c.Status.Conditions {
			if condition.Type == kind {
				status = condition.Status
			}
		}
		if status != want {
			return fmt.Errorf("it is %q", status)
		}
		return nil
	})
}

func (w *world) eventually(what string, f func() error) {
	w.t.Helper()
	eventually.Do(w.t, soon, what, f)
}

// patchCluster merges into a Cluster.
func (w *world) patchCluster(name, patch string) {
	w.t.Helper()
	c := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name}}
	w.must(nil, w.clusters.Patch(w.t.Context(), c, client.RawPatch(types.MergePatchType, []byte(patch))))
}

// gone is nil for an error that says that something is not there.
func gone(_ any, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err == nil:
		return errors.New("it is there")
	}
	return err
}

func there(_ any, err error) error { return err }
