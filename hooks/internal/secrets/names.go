// Package secrets knows the Secrets of a federation in its host cluster: their
// names, the keys that more than one hook uses, whose they are, and how to write
// one safely while another run of a hook may be doing the same.
package secrets

// The Secrets of federation R are named R-<one of these>.
const (
	CA                    = "ca"
	APIServer             = "apiserver-certs"
	APIServerHealth       = "apiserver-health-certs"
	AuthProxy             = "auth-proxy-certs"
	Etcd                  = "etcd-certs"
	ControllerManager     = "controller-manager-certs"
	KubeControllerManager = "kube-controller-manager-certs"
	Bootstrap             = "bootstrap-certs"
	DNSEtcd               = "dns-etcd-certs"
	DNSServer             = "dns-server-certs"
	DNSClient             = "dns-client-certs"
	Admin                 = "admin-certs"
	AuthTokens            = "auth-tokens" //nolint:gosec // the name of a Secret, not what is in it
	AuthBasic             = "auth-basic"
	Kubeconfig            = "kubeconfig"
	DNSProvider           = "dns-provider"
)

// Keys that more than one hook uses.
const (
	KeyKubeconfig = "kubeconfig"
	KeyClientCert = "client.crt"
	KeyClientKey  = "client.key"
	KeyCA         = "ca.crt"
	KeyTokens     = "tokens.csv"
	KeyUsername   = "username"
	KeyPassword   = "password"
)

// Name is the full name of one of the Secrets above.
func Name(federation, which string) string { return federation + "-" + which }

// MadeByHooks lists the Secrets that hooks make, in the order of the table in
// docs/design/control-plane.md.
func MadeByHooks() []string {
	return []string{
		CA, APIServer, APIServerHealth, AuthProxy, Etcd, ControllerManager,
		KubeControllerManager, Bootstrap, DNSEtcd, DNSServer, DNSClient, Admin, AuthTokens, AuthBasic, Kubeconfig,
	}
}
