package preflight

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// InitOptions is what the checks before `fedhelm init` need to know.
// Client, Name and Namespace are required.
type InitOptions struct {
	Client  kubernetes.Interface // of the host cluster
	Context string               // its kubeconfig context, for messages
	Server  string               // its URL, for messages

	Name      string // of the federation, which is the release
	Namespace string

	Persistence   bool   // etcd keeps its data in a volume; if not, the next three are ignored
	StorageClass  string // "" is the cluster's default
	ExistingClaim string // "" makes a new one
	Capacity      string // of the new one

	PullSecrets     []string
	GivenSecrets    []GivenSecret // further ones of the user's that the release needs
	DNSConfigSecret string        // must be there; "" when there is none or init makes it
	DNSProvider     string        // whose configuration it is
	DNSZone         string        // that it is for
	ServiceType     corev1.ServiceType
	Manifests       string // what the release is made of, hooks included, as a YAML stream
}

// GivenSecret is a Secret that must be there, under the path of the value that names it.
type GivenSecret struct {
	Name, Value string
	Keys        []string
	Optional    bool // it need not have all of the keys
}

// Init returns the checks before `fedhelm init`, in stages for Run.
func Init(o InitOptions) [][]Check {
	return [][]Check{
		{{"host-api", o.hostAPI}},
		{
			{"host-version", o.hostVersion},
			{"namespace", o.namespace},
			{"permissions", o.permissions},
			{"storage", o.storage},
			{"quota", o.quota},
			{"pull-secrets", o.pullSecrets},
			{"dns-secret", o.dnsSecret},
			{"given-secrets", o.givenSecrets},
		},
	}
}
