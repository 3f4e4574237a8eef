package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/pki"
)

// Kind is one of a control plane's authorities.
type Kind string

// The authorities.
const (
	Cluster    Kind = "cluster"     // API server and its clients
	Etcd       Kind = "etcd"        // etcd, its members and its one client
	FrontProxy Kind = "front-proxy" // who may speak to the API server in another's name
	DNSEtcd    Kind = "dns-etcd"    // etcd of the bundled DNS server, its members and clients
)

var (
	kinds = []Kind{Cluster, Etcd, FrontProxy, DNSEtcd}
	// ofAPIServer are those that the API server's pods trust.
	ofAPIServer = []Kind{Cluster, Etcd, FrontProxy}
)

// Keys of R-ca. The last two are there only while an authority changes.
func (k Kind) stem() string {
	if k == Cluster {
		return "ca"
	}
	return string(k) + "-ca"
}

func (k Kind) certKey() string    { return k.stem() + ".crt" }
func (k Kind) privateKey() string { return k.stem() + ".key" }
func (k Kind) nextKey() string    { return k.stem() + "-next.key" }
func (k Kind) crossKey() string   { return k.stem() + "-cross.crt" }

// authority is one authority as its Secret holds it.
type authority struct {
	*pki.Authority                     // the one that signs
	bundle         []*x509.Certificate // whom to trust, the signing one first
	next           *pki.Authority      // trusted already, to sign once everybody does; nil most of the time
}

// load reads the authority from the Secret; nil when there is none.
func load(s *corev1.Secret, k Kind) (*authority, error) {
	cert, key := s.Data[k.certKey()], s.Data[k.privateKey()]
	if len(cert) == 0 && len(key) == 0 {
		return nil, nil
	}
	// Whatever is damaged is never replaced: nobody would trust what a new
	// authority signs.
	damaged := func(what string, err error) error {
		return fmt.Errorf("secret %s/%s, key %q: %w; restore the Secret from a backup, or delete the keys %q and %q from it "+
			"to have a new authority made, which voids every certificate of the old one", s.Namespace, s.Name, what, err, k.certKey(), k.privateKey())
	}
	signing, bundle, err := pki.ParseAuthority(cert, key)
	if err != nil {
		return nil, damaged(k.certKey(), err)
	}
	a := &authority{Authority: signing, bundle: bundle}
	if next := s.Data[k.nextKey()]; len(next) > 0 {
		if a.next, err = findAuthority(bundle[1:], next); err != nil {
			return nil, damaged(k.nextKey(), err)
		}
	}
	if cross := s.Data[k.crossKey()]; len(cross) > 0 {
		if a.Chain, err = pki.ParseBundle(cross); err != nil {
			return nil, damaged(k.crossKey(), err)
		}
	}
	return a, nil
}

func findAuthority(bundle []*x509.Certificate, key []byte) (*pki.Authority, error) {
	signer, err := pki.ParseKey(key)
	if err != nil {
		return nil, err
	}
	for _, c := range bundle {
		if pki.SamePublicKey(c.PublicKey, signer.Public()) {
			return &pki.Authority{Cert: c, Key: signer}, nil
		}
	}
	return nil, errors.New("no certificate of the bundle belongs to this private key")
}

// store writes the authority into the Secret's data.
func (a *authority) store(data map[string][]byte, k Kind) error {
	key, err := pki.EncodeKey(a.Key)
	if err != nil {
		return err
	}
	set(data, k.certKey(), pki.EncodeBundle(a.bundle))
	if old, err := pki.ParseKey(data[k.privateKey()]); err != nil || !pki.SamePublicKey(old.Public(), a.Key.Public()) {
		data[k.privateKey()] = key
	}
	delete(data, k.nextKey())
	if a.next != nil {
		if data[k.nextKey()], err = pki.EncodeKey(a.next.Key); err != nil {
			return err
		}
	}
	set(data, k.crossKey(), pki.EncodeBundle(a.Chain))
	return nil
}

// set writes value unless it is there already in another spelling (comments of
// the user's around PEM blocks); an empty one is deleted.
func set(data map[string][]byte, key string, value []byte) {
	if len(value) == 0 {
		delete(data, key)
		return
	}
	if old, err := pki.ParseBundle(data[key]); err == nil && bytes.Equal(pki.EncodeBundle(old), value) {
		return
	}
	data[key] = value
}

// without returns a copy that lacks the certificates that are gone, other than
// those it needs to sign.
func (a *authority) without(gone func(*x509.Certificate) bool) *authority {
	kept := &authority{Authority: &pki.Authority{Cert: a.Cert, Key: a.Key}, next: a.next}
	for _, c := range a.bundle {
		if c.Equal(a.Cert) || a.next != nil && c.Equal(a.next.Cert) || !gone(c) {
			kept.bundle = append(kept.bundle, c)
		}
	}
	kept.Chain = slices.DeleteFunc(slices.Clone(a.Chain), gone)
	return kept
}
