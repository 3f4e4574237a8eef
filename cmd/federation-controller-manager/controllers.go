package main

import (
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fedhelm/fedhelm/pkg/controllers/cluster"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/version"
)

// addControllers adds what acts while this instance leads. The members' credentials are among secrets.
func addControllers(mgr ctrl.Manager, o options, secrets members.Secrets) error {
	address, err := o.monitoring.address()
	if err != nil {
		return fmt.Errorf("read --client-address: %w", err)
	}
	registry := members.New(members.Options{
		Federation:    o.federation,
		Clusters:      mgr.GetCache(),
		Secrets:       secrets,
		ClientAddress: address,
		TokenLifetime: o.monitoring.tokenLifetime,
		UserAgent:     program + "/" + version.Get().Version,
	})
	if err := mgr.Add(registry); err != nil {
		return fmt.Errorf("set up the registry of members: %w", err)
	}
	health := cluster.New(cluster.Options{
		Members:        registry,
		Clusters:       mgr.GetClient(),
		Live:           mgr.GetAPIReader(),
		Events:         mgr.GetEventRecorder(program),
		Period:         o.monitoring.period,
		Timeout:        o.monitoring.timeout,
		Threshold:      o.monitoring.threshold,
		TopologyPeriod: o.monitoring.topologyPeriod,
		Metrics:        metrics.Registry,
	})
	if err := mgr.Add(health); err != nil {
		return fmt.Errorf("set up the watch over members: %w", err)
	}
	return addPropagation(mgr, o, registry)
}
