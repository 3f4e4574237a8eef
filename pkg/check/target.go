package check

import (
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

// Server is an API server as it is reached from here.
type Server struct {
	Client  kubernetes.Interface
	Objects metadata.Interface // any kind there is, metadata only
	Prober  Prober
	URL     string // for messages

	Context    string // of the kubeconfig, for messages
	Kubeconfig string // the file, for messages; "" if the usual rules find it
}

// side is the same for the checks that precede a join.
func (s *Server) side() preflight.Side {
	return preflight.Side{Client: s.Client, Context: s.Context, Server: s.URL, Clock: Clock{s.Prober}}
}

// Clusters lists what the federation API has registered.
type Clusters = roster.Clusters

// Target is a federation, with the ways to it that there are from here.
type Target struct {
	federation.Ref
	Host Server
	// API is the federation's own. Without a way to it, Unusable says why, and API is not looked at.
	API      Server
	Clusters Clusters
	Unusable error

	// Only is the one member to look at; "": all of them.
	Only string
	// Way gives the way to a member, or says why there is none.
	Way func(name string) (*Member, error)
}
