package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fedhelm/fedhelm/pkg/version"
)

// dnsValid has a value for each DNS zone that is configured.
var dnsValid = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "federation_dns_config_valid",
	Help: "1 if the configuration of the DNS provider can be used, 0 if not.",
}, []string{"provider", "zone"})

// infoMetric tells which build serves which federation.
func infoMetric(o options) prometheus.Collector {
	build := version.Get()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "federation_controller_manager_info",
		Help: "Always 1; its labels tell the federation and the build.",
		ConstLabels: prometheus.Labels{
			"federation": o.federation,
			"namespace":  o.namespace,
			"version":    build.Version,
			"commit":     build.Commit,
			"go_version": build.GoVersion,
		},
	})
	info.Set(1)
	return info
}
