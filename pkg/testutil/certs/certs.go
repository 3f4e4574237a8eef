// Package certs makes certificates for tests: quickly, in memory, and without the
// product's own rules, so that a test also sees what those rules would not make.
package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Pair is a certificate and its key.
type Pair struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// CA returns a new certificate authority.
func CA(tb testing.TB, name string) *Pair {
	tb.Helper()
	return issue(tb, nil, &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	})
}

// Server returns a serving certificate for the hosts, which are names or addresses.
func (p *Pair) Server(tb testing.TB, hosts ...string) *Pair {
	tb.Helper()
	leaf := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, h)
		}
	}
	return issue(tb, p, leaf)
}

// Client returns a client certificate of a user in groups.
func (p *Pair) Client(tb testing.TB, user string, groups ...string) *Pair {
	tb.Helper()
	return issue(tb, p, &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// Pool trusts the certificate.
func (p *Pair) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Cert)
	return pool
}

// CertPEM is the certificate as a file has it.
func (p *Pair) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Cert.Raw})
}

// KeyPEM is the key as a file has it.
func (p *Pair) KeyPEM(tb testing.TB) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Write writes dir/name.crt and dir/name.key.
func (p *Pair) Write(tb testing.TB, dir, name string) {
	tb.Helper()
	for file, content := range map[string][]byte{name + ".crt": p.CertPEM(), name + ".key": p.KeyPEM(tb)} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// issue signs the template with ca, or with its own key when ca is nil.
func issue(tb testing.TB, ca *Pair, template *x509.Certificate) *Pair {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Minute)
	template.NotAfter = time.Now().Add(24 * time.Hour)
	signer := &Pair{Cert: template, Key: key}
	if ca != nil {
		signer = ca
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.Cert, key.Public(), signer.Key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &Pair{Cert: cert, Key: key}
}
