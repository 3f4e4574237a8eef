package pki

import (
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// sheet says what one Secret of the table in docs/design/control-plane.md holds.
type sheet struct {
	which      string          // see package secrets
	bundles    map[string]Kind // key → the authority whose bundle it holds
	leaves     []leaf
	kubeconfig bool // for a client in the host cluster, naming the files beside it
	tokenKeys  tokenKeys
}

// leaf is a certificate with its key, at <file>.crt and <file>.key.
type leaf struct {
	file   string
	signer Kind
	want   pki.Leaf
}

func (l leaf) certKey() string    { return l.file + ".crt" }
func (l leaf) privateKey() string { return l.file + ".key" }

// tokenKeys says which halves of the key that signs ServiceAccount tokens a
// Secret holds.
type tokenKeys int

const (
	noTokenKeys tokenKeys = iota
	privateTokenKey
	bothTokenKeys
)

// table lists the Secrets with certificates that these options need, that of
// the API server first. The serving certificates also name what was published.
func table(o Options, published []string) ([]sheet, error) {
	names, ips, err := servingNames(o, published)
	if err != nil {
		return nil, err
	}
	serving := leaf{"server", Cluster, pki.Leaf{
		CommonName: "federation-apiserver", Usage: pki.Server, DNSNames: names, IPs: ips,
	}}
	apiserver := sheet{
		which:     secrets.APIServer,
		bundles:   map[string]Kind{"ca.crt": Cluster, "front-proxy-ca.crt": FrontProxy},
		leaves:    []leaf{serving, client("front-proxy-client", FrontProxy, "front-proxy-client")},
		tokenKeys: bothTokenKeys,
	}
	if !o.ExternalEtcd {
		apiserver.bundles["etcd-ca.crt"] = Etcd
		apiserver.leaves = append(apiserver.leaves, client("etcd-client", Etcd, "federation-apiserver"))
	}
	sheets := []sheet{
		apiserver,
		clientSheet(secrets.APIServerHealth, "federation-health", "system:monitoring"),
		internal(clientSheet(secrets.ControllerManager, "federation-controller-manager")),
		internal(clientSheet(secrets.KubeControllerManager, "system:kube-controller-manager")),
		internal(clientSheet(secrets.Bootstrap, "federation-bootstrap", "system:masters")),
		clientSheet(secrets.Admin, "federation-admin", "federation:admins"),
	}
	for i := range sheets {
		if sheets[i].which == secrets.KubeControllerManager {
			sheets[i].tokenKeys = privateTokenKey
		}
	}
	if !o.ExternalEtcd {
		sheets = append(sheets, etcdSheet(o, secrets.Etcd, Etcd, "etcd"))
	}
	if o.DNSEtcd {
		sheets = append(sheets,
			etcdSheet(o, secrets.DNSEtcd, DNSEtcd, "dns-etcd"),
			etcdClientSheet(secrets.DNSServer, DNSEtcd, "federation-dns"),
			etcdClientSheet(secrets.DNSClient, DNSEtcd, "federation-controller-manager"))
	}
	if o.BasicAuth {
		sheets = append(sheets, sheet{
			which:   secrets.AuthProxy,
			bundles: map[string]Kind{"ca.crt": Cluster},
			leaves:  []leaf{serving, client("front-proxy-client", FrontProxy, "federation-auth-proxy")},
		})
	}
	return sheets, nil
}

// etcdSheet is a Secret with the certificates of an etcd, reached by Services that are called after the federation and name.
func etcdSheet(o Options, which string, signer Kind, name string) sheet {
	names, ips := etcdNames(o, name)
	return sheet{
		which:   which,
		bundles: map[string]Kind{"ca.crt": signer},
		leaves: []leaf{
			{"server", signer, pki.Leaf{CommonName: "federation-" + name, Usage: pki.Server, DNSNames: names, IPs: ips}},
			{"peer", signer, pki.Leaf{CommonName: "federation-" + name + "-peer", Usage: pki.Peer, DNSNames: names, IPs: ips}},
		},
	}
}

// etcdClientSheet is a Secret with the certificate of one client of an etcd.
func etcdClientSheet(which string, signer Kind, user string) sheet {
	return sheet{which: which, bundles: map[string]Kind{"ca.crt": signer}, leaves: []leaf{client("client", signer, user)}}
}

// clientSheet is a Secret with the certificate of one user of the federation API.
func clientSheet(which, user string, groups ...string) sheet {
	return sheet{
		which:   which,
		bundles: map[string]Kind{"ca.crt": Cluster},
		leaves:  []leaf{client("client", Cluster, user, groups...)},
	}
}

func internal(s sheet) sheet {
	s.kubeconfig = true
	return s
}

func client(file string, signer Kind, user string, groups ...string) leaf {
	return leaf{file, signer, pki.Leaf{CommonName: user, Organizations: groups, Usage: pki.Client}}
}
