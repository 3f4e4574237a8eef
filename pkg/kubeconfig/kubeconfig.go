// Package kubeconfig builds the kubeconfigs of a federation and keeps the user's own file:
// it merges an entry in, refuses to take over somebody else's, and takes it out again.
package kubeconfig

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Names of the files beside a kubeconfig made by FileReferences.
const (
	CAFile         = "ca.crt"
	ClientCertFile = "client.crt"
	ClientKeyFile  = "client.key"
)

// Basic is a user name with its password.
type Basic struct {
	Username, Password string
}

// Entry is all that one kubeconfig context of a federation needs. Name and Server are required.
type Entry struct {
	Name          string // of the cluster, the user and the context
	Server        string // URL
	CA            []byte // PEM, may be a bundle
	TLSServerName string // what the serving certificate is checked against; empty means the host of Server
	ClientCert    []byte // PEM
	ClientKey     []byte // PEM
	Token         string
	BasicAuth     *Basic // becomes a user of its own, see BasicAuthUser
}

// BasicAuthUser is the name of the user that holds the password of federation name.
// No context names it: with a client certificate at hand it is only ever chosen by hand.
func BasicAuthUser(name string) string { return name + "-basic-auth" }

// New returns a kubeconfig that holds e with everything embedded; its current context is e.Name.
func New(e Entry) *clientcmdapi.Config {
	c := skeleton(e.Name, e.Server)
	cluster, user := c.Clusters[e.Name], c.AuthInfos[e.Name]
	cluster.CertificateAuthorityData = e.CA
	cluster.TLSServerName = e.TLSServerName
	user.ClientCertificateData = e.ClientCert
	user.ClientKeyData = e.ClientKey
	user.Token = e.Token
	if e.BasicAuth != nil {
		c.AuthInfos[BasicAuthUser(e.Name)] = &clientcmdapi.AuthInfo{
			Username: e.BasicAuth.Username,
			Password: e.BasicAuth.Password,
		}
	}
	return c
}

// FileReferences returns a kubeconfig for a pod: CA, certificate and key are the files beside it,
// so that client-go notices when they are renewed.
func FileReferences(name, server string) *clientcmdapi.Config {
	c := skeleton(name, server)
	c.Clusters[name].CertificateAuthority = CAFile
	c.AuthInfos[name].ClientCertificate = ClientCertFile
	c.AuthInfos[name].ClientKey = ClientKeyFile
	return c
}

// Encode returns the file content of c.
func Encode(c *clientcmdapi.Config) ([]byte, error) {
	b, err := clientcmd.Write(*c)
	if err != nil {
		return nil, fmt.Errorf("encode kubeconfig: %w", err)
	}
	return b, nil
}

// Decode reads the content of a kubeconfig file. Relative paths in it stay relative.
func Decode(b []byte) (*clientcmdapi.Config, error) {
	c, err := clientcmd.Load(b)
	if err != nil {
		return nil, fmt.Errorf("decode kubeconfig: %w", err)
	}
	return c, nil
}

func skeleton(name, server string) *clientcmdapi.Config {
	c := clientcmdapi.NewConfig()
	c.Clusters[name] = &clientcmdapi.Cluster{Server: server}
	c.AuthInfos[name] = &clientcmdapi.AuthInfo{}
	c.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	c.CurrentContext = name
	return c
}
