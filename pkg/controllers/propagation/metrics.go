package propagation

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// metrics are of this package, and of the Agents.
type metrics struct {
	distribution prometheus.Histogram
	delivery     *delivery.Metrics
}

func newMetrics(registerer prometheus.Registerer, s *sources) *metrics {
	m := &metrics{
		distribution: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "federation_distribution_duration_seconds",
			Help:    "How long it took from when a change in the federation API was seen to when a member had it.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
		}),
		delivery: delivery.NewMetrics(registerer),
	}
	if registerer != nil {
		registerer.MustRegister(m.distribution, &census{sources: s})
	}
	return m
}

// census counts sources when it is asked.
type census struct{ sources *sources }

var sourcesMetric = prometheus.NewDesc("federation_sources", "Objects of the federation API that go into members.", []string{"kind"}, nil)

// Describe is part of prometheus.Collector.
func (c *census) Describe(all chan<- *prometheus.Desc) { all <- sourcesMetric }

// Collect is part of prometheus.Collector.
func (c *census) Collect(all chan<- prometheus.Metric) {
	for kind, n := range c.sources.counts() {
		all <- prometheus.MustNewConstMetric(sourcesMetric, prometheus.GaugeValue, float64(n), string(kind))
	}
}
