package kubeconfig

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// ErrNotOurs is returned when an entry of the wanted name belongs to something else.
var ErrNotOurs = errors.New("belongs to something else")

// Conflicts tells whether merging incoming into files (in clientcmd's order, missing ones allowed)
// would take over a cluster, user or context called name that belongs to something else.
// A cluster is ours when IsOurs says so of it and the incoming one; with incoming nil nothing can be ours. The error wraps ErrNotOurs. Nothing is written.
func Conflicts(files []string, name string, incoming *clientcmdapi.Config) error {
	v, err := load(files)
	if err != nil {
		return err
	}
	return v.conflicts(name, incoming)
}

// IsOurs returns a function that tells the entries of the federation want leads to: they trust one of the certificates of its CA
// bundle and expect the same name in the serving certificate, at whatever address. The CA alone is not enough, since an
// organisation may sign all its clusters with one; the name carries federation and namespace.
func IsOurs(want *clientcmdapi.Cluster) func(*clientcmdapi.Cluster) bool {
	ours := certificates(want.CertificateAuthorityData)
	return func(c *clientcmdapi.Cluster) bool {
		theirs := c.CertificateAuthorityData
		if len(theirs) == 0 && c.CertificateAuthority != "" {
			theirs, _ = os.ReadFile(c.CertificateAuthority) // a file that is gone makes no CA of ours
		}
		return c.TLSServerName == want.TLSServerName && slices.ContainsFunc(certificates(theirs), func(der []byte) bool {
			return slices.ContainsFunc(ours, func(o []byte) bool { return bytes.Equal(o, der) })
		})
	}
}

func (v *view) conflicts(name string, incoming *clientcmdapi.Config) error {
	if incoming == nil {
		incoming = New(Entry{Name: name})
	}
	var errs []error
	foreign := func(kind, entry, file, why string) {
		errs = append(errs, fmt.Errorf("%s %q of kubeconfig %s %w: %s", kind, entry, file, ErrNotOurs, why))
	}
	cluster, hasCluster := v.config.Clusters[name]
	if want := incoming.Clusters[name]; hasCluster && (want == nil || !IsOurs(want)(cluster)) {
		foreign("cluster", name, cluster.LocationOfOrigin, "it is the one at "+cluster.Server)
	}
	if c := v.config.Contexts[name]; c != nil && c.Cluster != name {
		foreign("context", name, c.LocationOfOrigin, fmt.Sprintf("it leads to cluster %q", c.Cluster))
	}
	for user, want := range incoming.AuthInfos {
		have := v.config.AuthInfos[user]
		if have == nil {
			continue
		}
		if other := v.otherUse(user, name); other != "" {
			foreign("user", user, have.LocationOfOrigin, fmt.Sprintf("context %q uses it", other))
		} else if !hasCluster && !sameCredential(have, want) {
			foreign("user", user, have.LocationOfOrigin, "there is no cluster of that name")
		}
	}
	if len(errs) == 0 {
		return nil
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return fmt.Errorf("%w\nchoose another federation name, or another file with --kubeconfig, or remove what is there: "+
		"kubectl config delete-context %[2]s; kubectl config delete-cluster %[2]s; kubectl config delete-user %[2]s",
		errors.Join(errs...), name)
}

// otherUse returns a context that uses user for a cluster which is not called name, "" if there is none.
func (v *view) otherUse(user, name string) string {
	var uses []string
	for n, c := range v.config.Contexts {
		if c.AuthInfo == user && c.Cluster != name {
			uses = append(uses, n)
		}
	}
	slices.Sort(uses)
	return strings.Join(uses, ", ")
}

func sameCredential(a, b *clientcmdapi.AuthInfo) bool {
	switch {
	case len(b.ClientCertificateData) > 0:
		return bytes.Equal(a.ClientCertificateData, b.ClientCertificateData)
	case b.Token != "":
		return a.Token == b.Token
	default:
		return b.Password != "" && a.Username == b.Username && a.Password == b.Password
	}
}

// certificates returns the DER of every certificate in a PEM bundle.
func certificates(bundle []byte) [][]byte {
	var ders [][]byte
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			ders = append(ders, block.Bytes)
		}
	}
	return ders
}
