package fedapi

import (
	"context"
	"net/netip"
	"testing"
	"time"

	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/fedhelm/fedhelm/pkg/members"
)

// User is the name that the controller manager has in the federation API, with the rights that bootstrap gives it.
const User = "federation-controller-manager"

// Manager is a new manager of controllers, as User. It listens nowhere, and a process can have several.
func (a *API) Manager(tb testing.TB) manager.Manager {
	tb.Helper()
	again := true
	mgr, err := ctrl.NewManager(a.Config(tb, User), ctrl.Options{
		Scheme: a.Scheme, Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller: config.Controller{SkipNameValidation: &again},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return mgr
}

// Registry is one of the Clusters that mgr sees, as a client of them on this machine. Their credentials are in secrets.
func Registry(mgr manager.Manager, secrets typedcorev1.SecretInterface) *members.Registry {
	return members.New(members.Options{
		Federation: Federation, Clusters: mgr.GetCache(), Secrets: secrets,
		ClientAddress: netip.MustParseAddr("127.0.0.1"), TokenLifetime: time.Hour, UserAgent: "integration-test",
	})
}

// Run starts mgr with what it shall run, until stop is called or the test ends. It returns when mgr's cache is filled, and stop when all that
// it ran has ended; stop can be called again. Both fail the test if mgr does.
func Run(tb testing.TB, mgr manager.Manager, runnables ...manager.Runnable) (stop func()) {
	tb.Helper()
	for _, r := range runnables {
		if err := mgr.Add(r); err != nil {
			tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(tb.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("the manager ended with %v", err)
		}
		ended <- nil // for whoever stops again
	}
	tb.Cleanup(stop)
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		tb.Fatal("the manager's cache did not fill")
	}
	return stop
}
