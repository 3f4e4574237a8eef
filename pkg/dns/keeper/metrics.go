package keeper

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Metrics are of all Keepers of a process. Nil ones count nothing.
type Metrics struct {
	dnsZone   string // label of what is of one zone: provider and name do not tell a public from a private one
	requests  *prometheus.CounterVec
	ready     *prometheus.GaugeVec
	records   *prometheus.GaugeVec
	pending   *prometheus.GaugeVec
	conflicts *prometheus.GaugeVec
	duration  prometheus.Histogram
}

// NewMetrics returns metrics that the registerer knows of.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "federation_dns_provider_requests_total", Help: "Requests to the DNS provider, by how they ended: ok, stale, rejected, denied, throttled or failed.",
		}, []string{"provider", "zone", "dnszone", "call", "code"}),
		ready: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_dns_zone_ready", Help: "1 if the zone is kept, 0 if something hinders it.",
		}, []string{"provider", "zone", "dnszone"}),
		records: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_dns_records", Help: "Records of the federation in the zone, without owners' marks.",
		}, []string{"provider", "zone", "dnszone"}),
		pending: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_dns_pending_names", Help: "Names of Services whose changes are not all in the zone yet.",
		}, []string{"zone", "dnszone"}),
		conflicts: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "federation_dns_conflicts", Help: "Names that Services cannot have since they are somebody else's.",
		}, []string{"zone", "dnszone"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "federation_dns_change_duration_seconds", Help: "How long it took from a change of what a Service wants until the zone had it.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}),
	}
	registerer.MustRegister(m.requests, m.ready, m.records, m.pending, m.conflicts, m.duration)
	return m
}

// Of are the metrics of one zone, by the name of its DNSZone.
func (m *Metrics) Of(dnsZone string) *Metrics {
	if m == nil {
		return nil
	}
	of := *m
	of.dnsZone = dnsZone
	return &of
}

// Observe returns what a provider of the zone is to tell of its requests.
func (m *Metrics) Observe(provider, zone string) func(call string, err error) {
	return func(call string, err error) {
		if m != nil {
			m.requests.WithLabelValues(provider, zone, m.dnsZone, call, code(err)).Inc()
		}
	}
}

func code(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, dns.ErrStale):
		return "stale"
	case errors.Is(err, dns.ErrRejected):
		return "rejected"
	case errors.Is(err, dns.ErrDenied):
		return "denied"
	case errors.Is(err, dns.ErrThrottled):
		return "throttled"
	default:
		return "failed"
	}
}

func (m *Metrics) zone(provider, zone string, s Status, conflicts int) {
	if m == nil {
		return
	}
	ready := 0.0
	if s.Reason == Synced {
		ready = 1
	}
	m.ready.WithLabelValues(provider, zone, m.dnsZone).Set(ready)
	m.records.WithLabelValues(provider, zone, m.dnsZone).Set(float64(s.Records))
	m.pending.WithLabelValues(zone, m.dnsZone).Set(float64(s.Pending))
	m.conflicts.WithLabelValues(zone, m.dnsZone).Set(float64(conflicts))
}

func (m *Metrics) made(took time.Duration) {
	if m != nil {
		m.duration.Observe(took.Seconds())
	}
}
