package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

const (
	keyTokenPrivate = "sa.key"
	keyTokenPublic  = "sa.pub"
)

// fill brings a Secret in line with its sheet and returns what it did, a phrase
// for each change. Keys that the sheet does not know stay as they are.
func (h *hook) fill(s *corev1.Secret, want sheet) ([]string, error) {
	fresh := s.ResourceVersion == ""
	var done []string
	note := func(what string, args ...any) {
		if !fresh { // "made" says it all
			done = append(done, fmt.Sprintf(what, args...))
		}
	}
	for _, l := range want.leaves {
		why, err := h.fillLeaf(s.Data, l)
		if err != nil {
			return nil, fmt.Errorf("secret %s/%s: %w", s.Namespace, s.Name, err)
		}
		if why != "" {
			note("%s: %s", l.certKey(), why)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want.bundles)) {
		bundle := pki.EncodeBundle(h.authorities[want.bundles[key]].bundle)
		if !bytes.Equal(s.Data[key], bundle) {
			s.Data[key] = bundle
			note("%s: the trusted authorities changed", key)
		}
	}
	if want.tokenKeys != noTokenKeys {
		if err := h.fillTokenKeys(s.Data, want.tokenKeys); err != nil {
			return nil, fmt.Errorf("secret %s/%s: %w", s.Namespace, s.Name, err)
		}
	}
	if want.kubeconfig {
		config, err := kubeconfig.Encode(kubeconfig.FileReferences(h.Federation, h.server()))
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(s.Data[secrets.KeyKubeconfig], config) {
			s.Data[secrets.KeyKubeconfig] = config
			note("%s: written anew", secrets.KeyKubeconfig)
		}
	}
	return done, nil
}

// server is where pods of the host cluster reach the federation API.
func (h *hook) server() string {
	server := "https://" + h.Federation + "-apiserver." + h.Namespace + ".svc"
	if h.ServicePort != 443 {
		server += ":" + strconv.Itoa(h.ServicePort)
	}
	return server
}

// fillLeaf makes the certificate if there is a reason to, and returns the reason.
func (h *hook) fillLeaf(data map[string][]byte, l leaf) (string, error) {
	signer := h.authorities[l.signer]
	pair := pki.Pair{Cert: data[l.certKey()], Key: data[l.privateKey()]}
	why := pki.Outdated(pair, l.want, signer.Cert, h.Algorithm, h.Now())
	if why == "" {
		return fillChain(data, l.certKey(), signer.Chain)
	}
	pair, err := h.generator.Leaf(l.want, signer.Authority, h.LeafValidity)
	if err != nil {
		return "", fmt.Errorf("%s: %w", l.certKey(), err)
	}
	data[l.certKey()], data[l.privateKey()] = pair.Cert, pair.Key
	return why, nil
}

// fillChain has the certificate go out with this chain, and returns why, if it
// did not yet.
func fillChain(data map[string][]byte, key string, chain []*x509.Certificate) (string, error) {
	certs, err := pki.ParseBundle(data[key])
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	want := pki.EncodeBundle(append(certs[:1:1], chain...))
	if bytes.Equal(want, pki.EncodeBundle(certs)) {
		return "", nil
	}
	data[key] = want
	return "its chain is another one now", nil
}

// fillTokenKeys never replaces a key that is there: every ServiceAccount token
// would be void.
func (h *hook) fillTokenKeys(data map[string][]byte, which tokenKeys) error {
	if which == privateTokenKey {
		data[keyTokenPrivate] = h.tokenKey
		return nil
	}
	if len(data[keyTokenPrivate]) == 0 {
		data[keyTokenPrivate] = h.tokenKey
	}
	key, err := pki.ParseKey(data[keyTokenPrivate])
	if err != nil {
		return fmt.Errorf("key %q: %w; restore it from a backup, or delete the key from the Secret to have a new one made, "+
			"which voids every ServiceAccount token", keyTokenPrivate, err)
	}
	public, err := pki.EncodePublicKey(key)
	if err != nil {
		return err
	}
	if !bytes.Contains(data[keyTokenPublic], bytes.TrimSpace(public)) { // beside it may be older ones that the user keeps
		data[keyTokenPublic] = public
	}
	return nil
}

// findTokenKey sets the key that signs ServiceAccount tokens when the API
// server's Secret has lost it: that of the controllers, else a new one.
func (h *hook) findTokenKey(controllers *corev1.Secret) error {
	if controllers != nil && len(controllers.Data[keyTokenPrivate]) > 0 {
		h.tokenKey = controllers.Data[keyTokenPrivate]
		return nil
	}
	key, err := h.generator.Key()
	if err != nil {
		return err
	}
	h.tokenKey, err = pki.EncodeKey(key)
	return err
}
