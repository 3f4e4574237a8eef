package authproxy

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/fedhelm/fedhelm/pkg/reload"
)

// clientCerts verifies client certificates, for each request rather than for each
// connection: a connection may outlive its certificate, or the CA that is trusted.
type clientCerts struct {
	roots *reload.Value[*x509.CertPool]
}

func newClientCerts(o Options) (*clientCerts, error) {
	roots, err := reload.New(pool, o.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("client CA file: %w", err)
	}
	roots.OnReload = o.reloaded("client CA")
	return &clientCerts{roots: roots}, nil
}

// identify returns nil, nil when no certificate was presented.
func (c *clientCerts) identify(state *tls.ConnectionState) (*identity, error) {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil, nil
	}
	leaf := state.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		intermediates.AddCert(cert)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots:         c.roots.Get(),
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}); err != nil {
		return nil, fmt.Errorf("%w: client certificate: %w", errUnauthorized, err)
	}
	fingerprint := sha256.Sum256(leaf.Raw)
	id := &identity{
		user:   leaf.Subject.CommonName,
		groups: leaf.Subject.Organization,
		// As kube-apiserver itself notes it, for its audit log.
		extra: map[string]string{"authentication.kubernetes.io/credential-id": "X509SHA256=" + hex.EncodeToString(fingerprint[:])},
	}
	if err := id.check(); err != nil {
		return nil, fmt.Errorf("%w: client certificate: %w", errUnauthorized, err)
	}
	return id, nil
}

// pool is made of the contents of one file of CA certificates.
func pool(contents [][]byte) (*x509.CertPool, error) {
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(contents[0]) {
		return nil, errors.New("no certificate found")
	}
	return p, nil
}
