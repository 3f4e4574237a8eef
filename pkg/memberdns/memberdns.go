// Package memberdns makes the DNS of a member cluster answer a federation's names, shows that it does, and makes it
// forget them again. With kube-dns that is an entry in its ConfigMap, with CoreDNS a server block that forwards to the
// federation's resolver in the member; package clusterdns knows the texts. Of what is there already nothing is touched.
package memberdns

import (
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

// Kind is a DNS server that a cluster may have.
type Kind string

// The kinds of DNS servers. Auto is a wish alone.
const (
	Auto    Kind = "auto"
	KubeDNS Kind = "kube-dns"
	CoreDNS Kind = "coredns"
	None    Kind = "none" // none that we could configure
)

// ErrByHand is returned where a cluster's DNS is set up in a way that is not ours to change. The error's text says what
// has to be put where.
var ErrByHand = errors.New("the cluster's DNS has to be set up by hand")

// ErrNoAnswer is returned when a DNS server did not answer as it should within the time given.
var ErrNoAnswer = errors.New("no answer in time")

// defaultTimeout is long enough for a kubelet that brings a changed ConfigMap after a minute, and for the 45 seconds
// after which CoreDNS looks at it.
const defaultTimeout = 3 * time.Minute

// Federation is the one whose names are meant.
type Federation struct {
	Namespace string    // in the host cluster and in the member
	Name      string    // also that of its release
	UID       types.UID // the resolver tells it
	Zone      string    // of its DNS names, with or without a dot at the end
}

// Resolver is the name of the Service and the Deployment in the member that answer the federation's names.
func (f Federation) Resolver() string { return f.Name + "-resolver" }

func (f Federation) owner() clusterdns.Owner {
	return clusterdns.Owner{Namespace: f.Namespace, Federation: f.Name}
}

// Options are what all but Detect need.
type Options struct {
	Client     kubernetes.Interface // of the member
	Federation Federation

	// Ask is how DNS servers are asked: PortForward, outside tests.
	Ask Ask
	// Timeout limits a wait for answers; 0 means three minutes.
	Timeout time.Duration
	// Progress is told what is waited for, and again when that changes. nil: nobody is.
	Progress func(waiting string)
}

func (o Options) timeout() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return defaultTimeout
}

func (o Options) tell(waiting string) {
	if o.Progress != nil {
		o.Progress(waiting)
	}
}

// NewOptions are those with which a member is reached by a kubeconfig.
func NewOptions(client kubernetes.Interface, config *rest.Config, f Federation) Options {
	return Options{Client: client, Federation: f, Ask: PortForward(client, config)}
}
