package pki

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"time"
)

// Authority signs leaf certificates.
type Authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	// Chain goes out with every leaf, after it: see Cross.
	Chain []*x509.Certificate
}

// Authority makes a self-signed authority.
func (g Generator) Authority(subject pkix.Name, validity time.Duration) (*Authority, error) {
	key, err := g.key(rsaAuthorityBits)
	if err != nil {
		return nil, err
	}
	now := g.now()
	template := &x509.Certificate{
		Subject:   subject,
		NotBefore: now.Add(-backdate),
		NotAfter:  now.Add(validity),
		IsCA:      true,
		KeyUsage:  x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		// One authority may stand between this one and a leaf: its successor,
		// while Cross bridges the change.
		MaxPathLen: 1,
	}
	cert, err := g.sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Authority{Cert: cert, Key: key}, nil
}

// Cross returns next's certificate signed by a. Sent along with the leaves of
// next, it lets those who know only a trust them for as long as a is valid.
func (g Generator) Cross(a, next *Authority) (*x509.Certificate, error) {
	template := &x509.Certificate{
		Subject:        next.Cert.Subject,
		NotBefore:      later(a.Cert.NotBefore, next.Cert.NotBefore),
		NotAfter:       earlier(a.Cert.NotAfter, next.Cert.NotAfter),
		IsCA:           true,
		KeyUsage:       next.Cert.KeyUsage,
		MaxPathLenZero: true,
	}
	return g.sign(template, a.Cert, next.Cert.PublicKey, a.Key)
}

// ParseAuthority reads an authority. The first certificate of the bundle is the
// one that signs, and key is its key.
func ParseAuthority(bundle, key []byte) (*Authority, []*x509.Certificate, error) {
	certs, err := ParseBundle(bundle)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range certs {
		if !c.IsCA {
			return nil, nil, errors.New("certificate of " + c.Subject.String() + " is not that of an authority")
		}
	}
	signer, err := ParseKey(key)
	if err != nil {
		return nil, nil, err
	}
	if !SamePublicKey(certs[0].PublicKey, signer.Public()) {
		return nil, nil, errors.New("the private key does not belong to the first certificate")
	}
	return &Authority{Cert: certs[0], Key: signer}, certs, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
