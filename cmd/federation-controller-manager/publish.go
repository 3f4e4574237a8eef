package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fedhelm/fedhelm/pkg/controllers/servicedns"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	dnsnames "github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/configured"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
	"github.com/fedhelm/fedhelm/pkg/hostname"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// resolvConf says by whom hostnames of load balancers are resolved.
const resolvConf = "/etc/resolv.conf"

// addDNS adds what publishes Services in DNS. It returns what is to be told of objects whose state may be another. Without a provider nothing is
// watched and nobody is told; what was said of a former one is deleted.
func addDNS(mgr ctrl.Manager, o options, registry *members.Registry, snapshot func(delivery.Key) (state.Snapshot, bool)) (changed func(delivery.Key), err error) {
	zones, err := o.dns.zones()
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(mgr.GetConfig())
	config.QPS, config.RateLimiter = -1, nil // what is asked is bounded by itself
	core, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of the federation API: %w", err)
	}
	if len(zones) == 0 {
		return func(delivery.Key) {}, mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
			servicedns.Sweep(ctx, core, mgr.GetAPIReader(), mgr.GetClient())
			return nil
		}))
	}
	with := servicedns.Options{
		Federation: o.federation,
		Services:   core, Namespaces: core,
		Clusters: mgr.GetCache(), Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
		Snapshot: snapshot,
		Resolver: hostname.FromFile(resolvConf),
		Events:   mgr.GetEventRecorder(program),
		Resync:   o.dns.resyncPeriod, AdoptUIDs: o.dns.adoptUIDs, UnsourcedPercent: o.propagation.unsourcedLimit,
		TTL: o.dns.seconds(), NamedHosts: o.dns.hostnames == hostnamesCNAME,
		OfflineGrace: o.dns.offlineGrace, OfflinePercent: o.propagation.failoverLimit,
	}
	for _, z := range zones {
		with.Zones = append(with.Zones, z.published())
	}
	with.Metrics = metrics.Registry
	var publisher *servicedns.Controller
	follower := endpoints.New(endpoints.Options{
		Federation: o.federation, Members: registry,
		Changed: func(member string, service types.NamespacedName) { publisher.EndpointsChanged(member, service) },
	})
	with.Endpoints = follower
	publisher = servicedns.New(with)
	if err := mgr.Add(follower); err != nil {
		return nil, err
	}
	return publisher.Changed, mgr.Add(publisher)
}

// published is the zone as what publishes wants to know it.
func (z dnsZone) published() servicedns.Zone {
	return servicedns.Zone{
		Provider: z.provider, Name: z.name, ID: z.id, Suffix: z.suffix,
		Open: func(ctx context.Context, observe func(string, error)) (dnsnames.Provider, error) {
			return configured.Open(ctx, configured.Options{Provider: z.provider, File: z.config, Observe: observe, Read: z.tell(ctx)})
		},
		AskID:   func() string { return configured.ZoneID(z.provider, z.config) },
		Servers: func() []string { return configured.Servers(z.provider, z.config) },
	}
}

// tell says whether the provider's configuration can be used, in the log and as a metric.
func (z dnsZone) tell(ctx context.Context) func(error) {
	log := ctrl.LoggerFrom(ctx).WithValues("provider", z.provider, "zone", z.name, "file", z.config)
	return func(err error) {
		valid := 1.0
		if err != nil {
			valid = 0
			log.Error(err, "The DNS provider's configuration cannot be used; the federation goes on without it")
		} else {
			log.Info("The DNS provider's configuration is valid")
		}
		dnsValid.WithLabelValues(z.provider, z.name).Set(valid)
	}
}
