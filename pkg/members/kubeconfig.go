package members

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

// readKubeconfig takes what the current context leads to. Whoever may write the Secret must not thereby run programs in the controller
// manager's pod, or send its files somewhere: so only embedded data is taken, and anything else anywhere in it is an error. Its server
// is not used, that of the Cluster is.
func readKubeconfig(data []byte) (Credential, error) {
	config, user, err := current(data)
	if err != nil {
		return Credential{}, err
	}
	cluster := config.Clusters[config.Contexts[config.CurrentContext].Cluster]
	c := Credential{
		CA: cluster.CertificateAuthorityData, TLSServerName: cluster.TLSServerName,
		Token: user.Token, ClientCert: user.ClientCertificateData, ClientKey: user.ClientKeyData,
	}
	var errs []error
	if c.Token == "" && len(c.ClientCert) == 0 {
		errs = append(errs, errors.New("the kubeconfig's user has neither token nor client-certificate-data"))
	}
	if len(c.CA) == 0 {
		errs = append(errs, errors.New("the kubeconfig's cluster has no certificate-authority-data"))
	}
	if err := errors.Join(append(errs, c.check())...); err != nil {
		return Credential{}, err
	}
	return c, nil
}

// current returns the kubeconfig and the user of its current context, whose cluster is there too.
func current(data []byte) (*clientcmdapi.Config, *clientcmdapi.AuthInfo, error) {
	config, err := kubeconfig.Decode(data)
	if err != nil {
		return nil, nil, fmt.Errorf("key %q is no kubeconfig", KubeconfigKey) // the cause may quote what is in it
	}
	var errs []error
	for name, c := range config.Clusters {
		if !harmlessCluster(*c) {
			errs = append(errs, fmt.Errorf("the kubeconfig's cluster %q may have server, certificate-authority-data and tls-server-name, and nothing else", name))
		}
	}
	for name, u := range config.AuthInfos {
		if !harmlessUser(*u) {
			errs = append(errs, fmt.Errorf("the kubeconfig's user %q may have token, client-certificate-data and client-key-data, and nothing else", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	context := config.Contexts[config.CurrentContext]
	if context == nil {
		return nil, nil, errors.New("the kubeconfig has no current-context, or one that it does not have")
	}
	user := config.AuthInfos[context.AuthInfo]
	if config.Clusters[context.Cluster] == nil || user == nil {
		return nil, nil, fmt.Errorf("the kubeconfig's context %q leads to no cluster or no user in it", config.CurrentContext)
	}
	return config, user, nil
}

func harmlessCluster(c clientcmdapi.Cluster) bool {
	return equality.Semantic.DeepEqual(c, clientcmdapi.Cluster{
		Server: c.Server, CertificateAuthorityData: c.CertificateAuthorityData, TLSServerName: c.TLSServerName, Extensions: c.Extensions,
	})
}

func harmlessUser(u clientcmdapi.AuthInfo) bool {
	return equality.Semantic.DeepEqual(u, clientcmdapi.AuthInfo{
		Token: u.Token, ClientCertificateData: u.ClientCertificateData, ClientKeyData: u.ClientKeyData, Extensions: u.Extensions,
	})
}

// withToken returns the kubeconfig with another token for the user of its current context.
func withToken(data []byte, token string) ([]byte, error) {
	config, user, err := current(data)
	if err != nil {
		return nil, err
	}
	user.Token = token
	return kubeconfig.Encode(config)
}
