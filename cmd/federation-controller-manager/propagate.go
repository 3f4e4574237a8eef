package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fedhelm/fedhelm/pkg/controllers/customkinds"
	propagate "github.com/fedhelm/fedhelm/pkg/controllers/propagation" // the flags have its name
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// addPropagation adds what brings objects into members and says how they are there.
func addPropagation(mgr ctrl.Manager, o options, registry *members.Registry) error {
	p := o.propagation
	static, err := kinds.Parse(p.kinds)
	if err != nil {
		return fmt.Errorf("read --federated-kinds: %w", err)
	}
	api, err := pathClient(mgr.GetConfig())
	if err != nil {
		return fmt.Errorf("set up a client of the federation API: %w", err)
	}
	core, err := corev1client.NewForConfig(mgr.GetConfig())
	if err != nil {
		return fmt.Errorf("set up a client of the federation API: %w", err)
	}
	custom := customkinds.New(customkinds.Options{Definitions: mgr.GetCache(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient()})
	recorder := mgr.GetEventRecorder(program)

	var writer *state.Writer
	var publish func(delivery.Key)
	controller, err := propagate.New(propagate.Options{
		Federation:      o.federation,
		Namespace:       o.namespace,
		API:             mgr.GetConfig(),
		Clusters:        mgr.GetCache(),
		Client:          mgr.GetClient(),
		Live:            mgr.GetAPIReader(),
		Members:         registry,
		Ledger:          ledger.New(core.ConfigMaps(ledger.Namespace)),
		Events:          recorder,
		Kinds:           static,
		CustomKinds:     custom,
		Changed:         func(k delivery.Key) { writer.Changed(k); publish(k) },
		FailoverGrace:   p.failoverGrace,
		FailoverPercent: p.failoverLimit,
		Delivery:        delivery.Limits{UnsourcedPercent: orNone(p.unsourcedLimit)},
		Metrics:         metrics.Registry,
	})
	if err != nil {
		return fmt.Errorf("set up propagation: %w", err)
	}
	writer = state.New(state.Options{API: api, Snapshot: controller.Snapshot, Events: recorder, Busy: controller.Busy})
	if publish, err = addDNS(mgr, o, registry, controller.Snapshot); err != nil {
		return fmt.Errorf("set up DNS: %w", err)
	}
	write := manager.RunnableFunc(func(ctx context.Context) error {
		writer.Run(ctx)
		return nil
	})
	for _, r := range []manager.Runnable{custom, controller, write} {
		if err := mgr.Add(r); err != nil {
			return fmt.Errorf("set up propagation: %w", err)
		}
	}
	return nil
}

// pathClient asks for single paths.
func pathClient(config *rest.Config) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	return rest.UnversionedRESTClientFor(config)
}

// orNone makes a limit of none one that is said.
func orNone(percent int) int {
	if percent == 0 {
		return -1
	}
	return percent
}
