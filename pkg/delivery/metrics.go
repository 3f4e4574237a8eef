package delivery

import "github.com/prometheus/client_golang/prometheus"

// Metrics are of all Agents of a process. A member's series end with its Agent.
type Metrics struct {
	depth     *prometheus.GaugeVec
	duration  *prometheus.HistogramVec
	requests  *prometheus.CounterVec
	conflicts *prometheus.GaugeVec
	drift     *prometheus.CounterVec
	held      *prometheus.GaugeVec
}

// NewMetrics returns metrics that the registerer, unless it is nil, knows of.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	cluster := []string{"cluster"}
	m := &Metrics{
		depth: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_delivery_queue_depth", Help: "Objects that wait to be looked at in the member.",
		}, []string{"cluster", "priority"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "federation_delivery_apply_duration_seconds", Help: "How long the member took to answer an apply.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, cluster),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "federation_delivery_requests_total", Help: "Requests to the member; code 0 is no answer.",
		}, []string{"cluster", "verb", "code"}),
		conflicts: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_delivery_conflicts", Help: "Names in the member that objects have which are not the federation's.",
		}, cluster),
		drift: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "federation_delivery_drift_corrections_total", Help: "Copies put back after somebody changed them in the member.",
		}, cluster),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_copies_held", Help: "Copies that are not deleted although their sources are gone, because they are too many.",
		}, cluster),
	}
	if registerer != nil {
		registerer.MustRegister(m.depth, m.duration, m.requests, m.conflicts, m.drift, m.held)
	}
	return m
}

// depthOf returns a function that is told how many keys of a priority wait.
func (m *Metrics) depthOf(cluster string) func(Priority, int) {
	gauges := [User + 1]prometheus.Gauge{
		Recheck: m.depth.WithLabelValues(cluster, "recheck"), User: m.depth.WithLabelValues(cluster, "user"),
	}
	return func(p Priority, n int) { gauges[p].Set(float64(n)) }
}

// forget ends the series of a member.
func (m *Metrics) forget(cluster string) {
	labels := prometheus.Labels{"cluster": cluster}
	m.depth.DeletePartialMatch(labels)
	m.duration.DeletePartialMatch(labels)
	m.requests.DeletePartialMatch(labels)
	m.conflicts.DeletePartialMatch(labels)
	m.drift.DeletePartialMatch(labels)
	m.held.DeletePartialMatch(labels)
}
