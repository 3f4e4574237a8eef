package kubeconfig

import (
	"errors"
	"fmt"
	"net/url"

	"k8s.io/apimachinery/pkg/api/equality"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Published reads the kubeconfig that federation name published in its host cluster. Whoever may write that Secret must not thereby
// run programs on the machine that reads it, send its files to a server, or get at other entries of its kubeconfig: so only what
// New writes is taken, and anything else (an exec plug-in, a file's path, a proxy, a server that is not verified, an entry of another
// name) is an error that names it.
func Published(data []byte, name string) (Entry, error) {
	c, err := Decode(data)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Name: name}
	var errs []error
	if cluster := c.Clusters[name]; cluster == nil {
		errs = append(errs, fmt.Errorf("it has no cluster %q", name))
	} else {
		e.Server, e.CA, e.TLSServerName = cluster.Server, cluster.CertificateAuthorityData, cluster.TLSServerName
		if u, err := url.Parse(e.Server); err != nil || u.Scheme != "https" || u.Host == "" {
			errs = append(errs, fmt.Errorf("cluster %q: server %q is no https URL", name, e.Server))
		}
		if len(e.CA) == 0 {
			errs = append(errs, fmt.Errorf("cluster %q has no certificate authority", name))
		}
	}
	if user := c.AuthInfos[name]; user == nil {
		errs = append(errs, fmt.Errorf("it has no user %q", name))
	} else {
		e.ClientCert, e.ClientKey, e.Token = user.ClientCertificateData, user.ClientKeyData, user.Token
	}
	if basic := c.AuthInfos[BasicAuthUser(name)]; basic != nil {
		e.BasicAuth = &Basic{Username: basic.Username, Password: basic.Password}
	}
	if err := errors.Join(errs...); err != nil {
		return Entry{}, err
	}
	if what := beyond(c, New(e)); what != "" {
		return Entry{}, fmt.Errorf("it holds more than a federation publishes: %s; nothing of it was used", what)
	}
	return e, nil
}

// beyond names what have holds and want does not, "" if there is nothing. No value is shown: it may be a credential.
func beyond(have, want *clientcmdapi.Config) string {
	for name, c := range have.Clusters {
		c.LocationOfOrigin = ""
		if !equality.Semantic.DeepEqual(c, want.Clusters[name]) {
			return fmt.Sprintf("cluster %q", name)
		}
	}
	for name, u := range have.AuthInfos {
		u.LocationOfOrigin = ""
		if !equality.Semantic.DeepEqual(u, want.AuthInfos[name]) {
			return fmt.Sprintf("user %q", name)
		}
	}
	for name, c := range have.Contexts {
		c.LocationOfOrigin = ""
		if !equality.Semantic.DeepEqual(c, want.Contexts[name]) {
			return fmt.Sprintf("context %q", name)
		}
	}
	return ""
}
