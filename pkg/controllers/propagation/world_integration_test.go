//go:build integration

package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/cluster"
	"github.com/fedhelm/fedhelm/pkg/controllers/customkinds"
	"github.com/fedhelm/fedhelm/pkg/controllers/propagation"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

const (
	grace = 3 * time.Second // of fail-over
	soon  = 20 * time.Second
)

// world is a federation whose API is a real API server, and the controllers at work.
type world struct {
	t        *testing.T
	fed      *fedapi.API
	api      kubernetes.Interface // as administrator
	clusters client.Client
	metrics  *prometheus.Registry
	stop     func() // returns when the controllers have ended
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctrl.SetLogger(testr.NewWithInterface(t, testr.Options{}))
	fed := fedapi.Start(t, "shop")
	w := &world{t: t, fed: fed, api: fed.Kubernetes, clusters: fed.Client}
	w.run()
	return w
}

// run starts what the controller manager runs, as its user.
func (w *world) run() {
	w.t.Helper()
	mgr := w.fed.Manager(w.t)
	w.metrics = prometheus.NewRegistry()
	core := kubernetes.NewForConfigOrDie(mgr.GetConfig()).CoreV1()
	registry := fedapi.Registry(mgr, w.api.CoreV1().Secrets(fedapi.Namespace))
	recorder := mgr.GetEventRecorder(fedapi.User)
	health := cluster.New(cluster.Options{
		Members: registry, Clusters: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: recorder,
		Period: 500 * time.Millisecond, Timeout: time.Second, Threshold: 2, TopologyPeriod: time.Minute, Metrics: w.metrics,
	})
	custom := customkinds.New(customkinds.Options{Definitions: mgr.GetCache(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient()})
	var writer *state.Writer
	controller, err := propagation.New(propagation.Options{
		Federation: fedapi.Federation, API: mgr.GetConfig(), Clusters: mgr.GetCache(), Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
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
	w.stop = fedapi.Run(w.t, mgr, registry, health, custom, controller, write)
}

func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// member is a cluster of the federation.
type member struct{ *fedapi.Member }

// join makes a new API server a member, and waits until it is Ready.
func (w *world) join(name string, labels map[string]string) *member {
	w.t.Helper()
	m := &member{fedapi.StartMember(w.t, name)}
	w.fed.Join(w.t, m.Member, labels)
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
