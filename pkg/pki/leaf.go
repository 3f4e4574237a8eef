package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"time"
)

// Usage is what a leaf certificate is good for.
type Usage int

// The usages.
const (
	Client Usage = iota // to say who one is
	Server              // to be recognised by clients
	Peer                // both: members of an etcd cluster call each other
)

// Leaf says what a certificate shall be.
type Leaf struct {
	CommonName    string
	Organizations []string
	Usage         Usage
	DNSNames      []string
	IPs           []net.IP
}

// Pair is a certificate, its chain behind it, and its private key.
type Pair struct {
	Cert, Key []byte
}

// Leaf makes a certificate with a key of its own. It never outlives the
// authority.
func (g Generator) Leaf(want Leaf, ca *Authority, validity time.Duration) (Pair, error) {
	key, err := g.Key()
	if err != nil {
		return Pair{}, err
	}
	now := g.now()
	if !now.Before(ca.Cert.NotAfter) {
		return Pair{}, fmt.Errorf("sign certificate %q: the authority expired on %s",
			want.CommonName, ca.Cert.NotAfter.Format(time.RFC3339))
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: want.CommonName, Organization: want.Organizations},
		NotBefore:   now.Add(-backdate),
		NotAfter:    earlier(now.Add(validity), ca.Cert.NotAfter),
		KeyUsage:    want.Usage.keyUsage(algorithmOf(key.Public())),
		ExtKeyUsage: want.Usage.extended(),
		DNSNames:    want.DNSNames,
		IPAddresses: want.IPs,
	}
	cert, err := g.sign(template, ca.Cert, key.Public(), ca.Key)
	if err != nil {
		return Pair{}, err
	}
	pem, err := EncodeKey(key)
	if err != nil {
		return Pair{}, err
	}
	chain := append([]*x509.Certificate{cert}, ca.Chain...)
	return Pair{Cert: EncodeBundle(chain), Key: pem}, nil
}

// keyUsage allows RSA servers the key exchange of old TLS 1.2 clients; every
// other leaf only signs.
func (u Usage) keyUsage(a Algorithm) x509.KeyUsage {
	if a == RSA && u != Client {
		return x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	}
	return x509.KeyUsageDigitalSignature
}

func (u Usage) extended() []x509.ExtKeyUsage {
	switch u {
	case Server:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	case Peer:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	default:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
}
