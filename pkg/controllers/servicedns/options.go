package servicedns

import (
	"context"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// Options are what a Controller works with. All are required unless said otherwise.
type Options struct {
	Federation string
	// Services and Namespaces are those of the federation API.
	Services   corev1client.ServicesGetter
	Namespaces corev1client.NamespacesGetter
	// Clusters has those of the federation API, as the manager's cache does; Client reads them there, and reads and writes DNSZones.
	Clusters members.ClusterSource
	Client   client.Client
	Live     client.Reader // asks the federation API itself
	// Snapshot says how it stands with a Service or an Ingress in members. Changed is to be told when it may say something else.
	Snapshot  func(delivery.Key) (state.Snapshot, bool)
	Endpoints Endpoints // EndpointsChanged is to be told
	Resolver  Resolver
	Events    events.EventRecorder

	Zones            []Zone
	Resync           time.Duration // between listings of a zone
	AdoptUIDs        []string      // of federations of the same name, whose records are taken over
	UnsourcedPercent int           // of the Services of a zone, at most, whose names go at once although nobody saw their deletion
	TTL              uint32        // in seconds, of records whose Service does not say
	OfflineGrace     time.Duration // after which a member that is not Ready has no names any more
	OfflinePercent   int           // of the members, at most, that this is true of at once
	// NamedHosts says that the hostname of a load balancer is published as such where it is the only address of a level.
	NamedHosts bool

	Metrics prometheus.Registerer // nil for nowhere
	Clock   clock.WithTicker      // the real one if nil
}

// Endpoints knows what is ready in members.
type Endpoints interface {
	Ready(member string, service types.NamespacedName) (int, endpoints.Knowledge)
}

// Resolver says what addresses a hostname has, and for how long that holds. hostname.ErrNone says for certain that it has none.
type Resolver interface {
	Resolve(ctx context.Context, hostname string) (addresses []netip.Addr, ttl time.Duration, err error)
}

// Zone is a DNS zone that names of Services are kept in.
type Zone struct {
	Provider string // its name
	Name     string // absolute
	ID       string // "": AskID knows it, or there is but one of that name
	// AskID is asked for it each time that the zone is looked for. Nil: nobody knows.
	AskID  func() string
	Suffix string // that the names end with: absolute, in the zone
	Create bool   // the zone, when there is none
	// Open makes the provider; see keeper.Options. Servers are the addresses of DNS servers that can be asked for the zone, as they are now.
	Open    func(ctx context.Context, observe func(call string, err error)) (dns.Provider, error)
	Servers func() []string
}
