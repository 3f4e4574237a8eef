// Package localapi is how the proxies of a federation's API server, which run in its pod, make themselves known to it.
package localapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// TLS is the configuration of a client with a certificate, for an API server whose own is of a CA: all of them PEM. The target is an address;
// its certificate names localhost among others.
func TLS(ca, cert, key []byte) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("no certificate found")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("client certificate and key: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: "localhost", Certificates: []tls.Certificate{pair}}, nil
}
