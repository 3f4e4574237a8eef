package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const certificateBlock = "CERTIFICATE"

// ParseBundle reads every certificate in data, in order; there is at least one.
// Text around the blocks is passed over, but a block that cannot be read, or is
// something other than a certificate, is an error: a bundle that silently lost
// an authority would stop trusting whoever it signed for.
func ParseBundle(data []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificateBlock {
			return nil, fmt.Errorf("PEM block %d is a %q, want %q", len(certs)+1, block.Type, certificateBlock)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("no certificate in PEM form was found")
	}
	// pem.Decode skips what it cannot decode.
	if n := bytes.Count(data, []byte("-----BEGIN ")); n != len(certs) {
		return nil, fmt.Errorf("%d of %d PEM blocks are damaged", n-len(certs), n)
	}
	return certs, nil
}

// EncodeBundle writes the certificates in order.
func EncodeBundle(certs []*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range certs {
		// A bytes.Buffer takes whatever is written to it.
		_ = pem.Encode(&out, &pem.Block{Type: certificateBlock, Bytes: c.Raw})
	}
	return out.Bytes()
}

// Contains reports whether the bundle has this very certificate.
func Contains(bundle []*x509.Certificate, cert *x509.Certificate) bool {
	for _, c := range bundle {
		if c.Equal(cert) {
			return true
		}
	}
	return false
}

// Pool returns the bundle as roots to verify with.
func Pool(bundle []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range bundle {
		pool.AddCert(c)
	}
	return pool
}
