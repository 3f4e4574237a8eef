package chart

// Options are the choices that an operator makes on the command line. The zero value of a field means "not chosen": the
// base values decide, and below them the chart's own defaults.
type Options struct {
	Name      string // of the release, and so of the federation
	Namespace string // of the control plane in the host cluster

	Image            string // reference of the image with fedhelm's own binaries
	ImagePullPolicy  string
	ImagePullSecrets []string
	NodeSelector     map[string]string

	Etcd              Etcd
	APIServer         APIServer
	ControllerManager ControllerManager
	DNS               DNS

	// Base lies beneath all of the above: values files. Keep lays what a release was given beneath them.
	Base map[string]any
	// Set lies above all of the above: Helm's path=value expressions. SetJSON lies highest: path=JSON.
	Set, SetJSON []string
}

// Etcd is where the federation API keeps its objects.
type Etcd struct {
	Image         string
	Servers       []string // URLs of an etcd of the user's; none of our own then
	TLSSecret     string   // client certificate for Servers
	Persistence   *bool
	Capacity      string
	StorageClass  string
	ExistingClaim string
}

// APIServer is how the federation API server runs and is reached.
type APIServer struct {
	ServiceType        string
	AdvertiseAddresses []string // nil: not chosen; empty: none
	NodePort           *int     // 0: the host cluster chooses
	BasicAuth          *bool
	TokenAuth          *bool
	ExtraArgs          map[string]any
}

// ControllerManager is how the controller manager runs.
type ControllerManager struct {
	ExtraArgs map[string]any
}

// DNS is where federated Services get their names.
type DNS struct {
	Provider string
	Zone     string
	ZoneID   string // the provider's, where it has several of that name
	Suffix   string // what names end with: the zone, or a domain in it
	TTL      string // a duration: for how long resolvers may keep an answer
	// Config is the content of the provider's configuration file, which becomes a Secret. nil: none is given.
	Config []byte
}

// DNSConfigSecret is the name of the Secret that holds the DNS provider's configuration, under DNSConfigKey.
func DNSConfigSecret(name string) string { return name + "-dns-provider" }

// DNSConfigKey is the key in that Secret.
const DNSConfigKey = "federation-dns-provider.conf"

// DefaultNamespace is where a control plane lives unless another namespace is chosen.
const DefaultNamespace = "federation-system"
