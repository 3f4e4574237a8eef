package cluster

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are of members that are followed now.
type metrics struct {
	ready      *prometheus.GaugeVec
	duration   *prometheus.HistogramVec
	expiration *prometheus.GaugeVec
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	labels := []string{"cluster"}
	m := &metrics{
		ready: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_cluster_ready",
			Help: "1 if the member is Ready, 0 if not.",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "federation_cluster_probe_duration_seconds",
			Help:    "How long the member took to say how it is, or to fail to.",
			Buckets: []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10},
		}, labels),
		expiration: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_cluster_credential_expiration_timestamp_seconds",
			Help: "When the member's credential ends, if it says so.",
		}, labels),
	}
	if registerer != nil {
		registerer.MustRegister(m.ready, m.duration, m.expiration)
	}
	return m
}

func (m *metrics) probed(cluster string, took time.Duration) {
	m.duration.WithLabelValues(cluster).Observe(took.Seconds())
}

func (m *metrics) told(cluster string, ready bool, expires time.Time) {
	value := 0.0
	if ready {
		value = 1
	}
	m.ready.WithLabelValues(cluster).Set(value)
	if expires.IsZero() {
		m.expiration.DeleteLabelValues(cluster)
		return
	}
	m.expiration.WithLabelValues(cluster).Set(float64(expires.Unix()))
}

func (m *metrics) forget(cluster string) {
	m.ready.DeleteLabelValues(cluster)
	m.duration.DeleteLabelValues(cluster)
	m.expiration.DeleteLabelValues(cluster)
}
