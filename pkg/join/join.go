package join

import (
	"time"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/fedhelm/fedhelm/pkg/progress"
)

// JoinOptions are what Join needs. All fields are required but those that say otherwise.
type JoinOptions struct {
	Name       string // of the member
	Chart      *chart.Chart
	Host       Host
	Member     Member
	Federation Federation

	Endpoint     string            // "": what the member was joined with, else what its kubeconfig has
	CA           []byte            // PEM; nil: likewise
	SecretName   string            // "": likewise, else FEDERATION.NAME
	Labels       map[string]string // of the Cluster; nil: those it was given
	ClusterAdmin *bool             // nil: as it was, else no
	Refresh      bool              // new credentials, and the release rendered anew

	Identity string // who is at work, for others to read; unique
	Timeout  time.Duration
	Progress *progress.Reporter // nil is silent
}
