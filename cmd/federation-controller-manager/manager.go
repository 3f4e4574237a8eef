package main

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/version"
)

// shutdown is how long controllers have to finish what they do. The Lease is
// given up after that, and the pod has 30 seconds.
const shutdown = 15 * time.Second

// newManager sets everything up without asking the federation API anything, which
// may not be there yet.
func newManager(o options, config *rest.Config) (ctrl.Manager, error) {
	secrets, err := o.host.secrets(o.namespace)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, fedv1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register API types: %w", err)
		}
	}
	grace := shutdown
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Logger:                        ctrl.Log,
		LeaderElection:                o.election.enabled,
		LeaderElectionID:              program,
		LeaderElectionNamespace:       "kube-system",
		LeaderElectionReleaseOnCancel: true, // run returns as soon as the manager has ended
		LeaseDuration:                 &o.election.leaseDuration,
		RenewDeadline:                 &o.election.renewDeadline,
		RetryPeriod:                   &o.election.retryPeriod,
		HealthProbeBindAddress:        "0", // see probes
		Metrics:                       metricsserver.Options{BindAddress: o.bind.metrics},
		PprofBindAddress:              o.bind.pprof,
		GracefulShutdownTimeout:       &grace,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the manager: %w", err)
	}
	if err := addControllers(mgr, o, secrets); err != nil {
		return nil, err
	}
	return mgr, nil
}

// restConfig names the files of certificates rather than their contents, so that
// client-go reads them again: the client's own with each new connection, and every
// few minutes, when it also closes those opened with the former one.
func restConfig(o options) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags(o.master, o.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read --kubeconfig=%s: %w", o.kubeconfig, err)
	}
	config.UserAgent = program + "/" + version.Get().Version
	config.QPS, config.Burst = o.qps, o.burst
	return config, nil
}
