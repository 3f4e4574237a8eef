package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"time"
)

// backdate makes a certificate valid a little before it was made, so that a
// machine whose clock is behind accepts it.
const backdate = 5 * time.Minute

const (
	rsaLeafBits      = 2048
	rsaAuthorityBits = 3072 // it lives ten times as long
)

// Generator makes keys and certificates. Its zero value makes ECDSA keys by the
// system's clock and random source. It may be used by many goroutines at once
// when Rand may.
type Generator struct {
	Algorithm Algorithm
	// Rand is where serial numbers and keys come from; nil means crypto/rand.
	// (Since Go 1.26 the standard library takes keys from its own source.)
	Rand io.Reader
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Key makes a private key for a leaf or for signing tokens.
func (g Generator) Key() (crypto.Signer, error) { return g.key(rsaLeafBits) }

func (g Generator) key(bits int) (crypto.Signer, error) {
	if g.Algorithm == RSA {
		key, err := rsa.GenerateKey(g.random(), bits)
		if err != nil {
			return nil, fmt.Errorf("make an RSA key: %w", err)
		}
		return key, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), g.random())
	if err != nil {
		return nil, fmt.Errorf("make an ECDSA key: %w", err)
	}
	return key, nil
}

func (g Generator) random() io.Reader {
	if g.Rand == nil {
		return rand.Reader
	}
	return g.Rand
}

func (g Generator) now() time.Time {
	if g.Now == nil {
		return time.Now()
	}
	return g.Now()
}

// sign completes the template and returns the certificate.
func (g Generator) sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(g.random(), serial); err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	template.SerialNumber = new(big.Int).SetBytes(serial)
	id, err := keyID(public)
	if err != nil {
		return nil, err
	}
	template.SubjectKeyId = id
	template.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(g.random(), template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %q: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

// keyID is the subject key identifier of RFC 7093, method 1.
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("decode public key: %w", err)
	}
	sum := sha256.Sum256(info.PublicKey.Bytes)
	return sum[:20], nil
}
