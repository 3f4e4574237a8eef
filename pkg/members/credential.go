package members

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Keys of a member's Secret: either the first two, perhaps with the third, or the last.
const (
	TokenKey         = "token"
	CAKey            = "ca.crt"
	TLSServerNameKey = "tls-server-name"
	KubeconfigKey    = "kubeconfig"
)

// Credential is how a member is told who asks, and how it is told from others. Nothing of it appears when it is printed.
type Credential struct {
	CA            []byte // PEM, may be a bundle
	TLSServerName string // "" for the host of the server's address
	Token         string
	ClientCert    []byte // PEM
	ClientKey     []byte // PEM
}

// String keeps a credential out of logs and errors.
func (Credential) String() string { return "(credential)" }

// GoString keeps a credential out of logs and errors.
func (Credential) GoString() string { return "(credential)" }

// ReadCredential reads a member's Secret. The error names the keys that are wrong, all of them, and shows nothing of their content.
func ReadCredential(secret *corev1.Secret) (Credential, error) {
	if config, ok := secret.Data[KubeconfigKey]; ok {
		for _, other := range []string{TokenKey, CAKey, TLSServerNameKey} {
			if _, both := secret.Data[other]; both {
				return Credential{}, fmt.Errorf("it has key %q and key %q: only one way to reach the member can be meant", KubeconfigKey, other)
			}
		}
		return readKubeconfig(config)
	}
	c := Credential{
		CA:            secret.Data[CAKey],
		Token:         string(bytes.TrimSpace(secret.Data[TokenKey])),
		TLSServerName: string(bytes.TrimSpace(secret.Data[TLSServerNameKey])),
	}
	var errs []error
	if c.Token == "" {
		errs = append(errs, fmt.Errorf("key %q is missing or empty", TokenKey))
	}
	if len(bytes.TrimSpace(c.CA)) == 0 {
		errs = append(errs, fmt.Errorf("key %q is missing or empty", CAKey))
		c.CA = nil
	}
	if err := errors.Join(append(errs, c.check())...); err != nil {
		return Credential{}, err
	}
	return c, nil
}

// check finds what no server could take.
func (c Credential) check() error {
	var errs []error
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("the token has characters in it that no token has, such as a line break"))
	}
	if len(c.CA) > 0 && !x509.NewCertPool().AppendCertsFromPEM(c.CA) {
		errs = append(errs, errors.New("the certificate authority is no certificate in PEM"))
	}
	if _, err := netip.ParseAddr(c.TLSServerName); err != nil && strings.ContainsAny(c.TLSServerName, " \t\r\n/:@") {
		errs = append(errs, errors.New("the TLS server name is no host name"))
	}
	if len(c.ClientCert) > 0 || len(c.ClientKey) > 0 {
		if _, err := tls.X509KeyPair(c.ClientCert, c.ClientKey); err != nil {
			errs = append(errs, errors.New("the client certificate and its key are no pair in PEM"))
		}
	}
	return errors.Join(errs...)
}

// Expires is when the credential ends, as it says itself; zero for never, or when it does not say.
func (c Credential) Expires() time.Time {
	claims, err := ParseClaims(c.Token)
	if err == nil {
		return claims.Expires
	}
	if block, _ := pem.Decode(c.ClientCert); block != nil && c.Token == "" {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			return cert.NotAfter
		}
	}
	return time.Time{}
}

// home is the namespace of the ServiceAccount that it is of; "" if it does not say.
func (c Credential) home() string {
	claims, err := ParseClaims(c.Token)
	if err != nil {
		return ""
	}
	namespace, _, ok := claims.ServiceAccount()
	if !ok {
		return ""
	}
	return namespace
}

// sameIdentity tells that two credentials differ in nothing but the token's life: whoever works with one can go on with the other.
func (c Credential) sameIdentity(other Credential) bool {
	if !bytes.Equal(c.CA, other.CA) || c.TLSServerName != other.TLSServerName ||
		!bytes.Equal(c.ClientCert, other.ClientCert) || !bytes.Equal(c.ClientKey, other.ClientKey) {
		return false
	}
	if c.Token == other.Token {
		return true
	}
	mine, err := ParseClaims(c.Token)
	if err != nil || mine.Subject == "" {
		return false
	}
	theirs, err := ParseClaims(other.Token)
	return err == nil && mine.Subject == theirs.Subject
}
