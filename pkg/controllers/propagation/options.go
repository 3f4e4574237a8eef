package propagation

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// Options are what a Controller works with. All are required unless said otherwise.
type Options struct {
	Federation string
	// Namespace is that of the federation in its host and its members. Nothing is put there.
	Namespace string
	// API is for clients of the federation API. Its limits of rates are not heeded: what is asked is bounded by itself.
	API *rest.Config
	// Clusters has those of the federation API, as the manager's cache does; Status writes theirs.
	Clusters members.ClusterSource
	Client   client.Client
	Live     client.Reader // asks the federation API itself
	Members  *members.Registry
	Ledger   *ledger.Ledger // which Start loads and runs
	Events   events.EventRecorder

	Kinds       []kinds.Kind // that are always followed
	CustomKinds CustomKinds  // that come and go; nil for none

	// Changed is told of objects whose Snapshot may be another. It must not block.
	Changed func(delivery.Key)

	FailoverGrace   time.Duration
	FailoverPercent int // of the members, at most, that fail over at once
	Delivery        delivery.Limits

	Metrics prometheus.Registerer // nil for nowhere
	Clock   clock.WithTicker      // the real one if nil
}

// CustomKinds tell of kinds that come and go.
type CustomKinds interface {
	Subscribe(changed func([]kinds.Kind)) (cancel func())
}
