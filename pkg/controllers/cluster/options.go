package cluster

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/members"
)

// Options are what a Controller works with. All but the last three are required.
type Options struct {
	Members *members.Registry
	// Clusters reads from a cache that follows the federation API; Live asks it.
	Clusters client.Client
	Live     client.Reader
	Events   events.EventRecorder

	Period         time.Duration // between two probes of a member
	Timeout        time.Duration // of one probe
	Threshold      int           // failures in a row after which a member that was Ready is not
	TopologyPeriod time.Duration // between two looks at a member's nodes

	Metrics prometheus.Registerer // nil for nowhere
	Clock   clock.Clock           // the real one if nil
	// Jitter spreads a pause; by a tenth up or down if nil.
	Jitter func(time.Duration) time.Duration
}
