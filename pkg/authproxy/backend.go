package authproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/fedhelm/fedhelm/pkg/reload"
)

// backend sends requests to the API server: those with an asserted identity over
// connections with the front-proxy certificate, all others over connections
// without it, on which the API server believes no X-Remote-* header.
type backend struct {
	transports *reload.Value[*transports]
	last       atomic.Pointer[transports]
}

// transports are what is made of one content of the certificate files.
type transports struct {
	asserting, plain pair
}

// pair has a transport of its own for upgrades, which HTTP/2 does not have.
type pair struct {
	http2, http1 *http.Transport
}

func newBackend(o Options) (*backend, error) {
	t, err := reload.New(newTransports, o.cert("ca.crt"), o.cert("front-proxy-client.crt"), o.cert("front-proxy-client.key"))
	if err != nil {
		return nil, fmt.Errorf("front-proxy certificate: %w", err)
	}
	t.OnReload = o.reloaded("front-proxy certificate")
	return &backend{transports: t}, nil
}

// RoundTrip implements http.RoundTripper.
func (b *backend) RoundTrip(req *http.Request) (*http.Response, error) {
	t := b.transports.Get()
	if former := b.last.Swap(t); former != nil && former != t {
		former.closeIdle()
	}
	p := t.plain
	if identityFrom(req.Context()) != nil {
		p = t.asserting
	}
	if req.Header.Get("Upgrade") != "" {
		return p.http1.RoundTrip(req)
	}
	return p.http2.RoundTrip(req)
}

// Reachable tells whether the API server answers at all, whatever it says.
func (p *Proxy) Reachable(ctx context.Context) error {
	u := *p.target
	u.Path = "/livez"
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := p.backend.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("the API server at %s does not answer: %w", p.target.Host, err)
	}
	return resp.Body.Close()
}

func (t *transports) closeIdle() {
	for _, p := range []pair{t.asserting, t.plain} {
		p.http1.CloseIdleConnections()
		p.http2.CloseIdleConnections()
	}
}

// newTransports is made of the contents of CA, front-proxy certificate and key.
func newTransports(contents [][]byte) (*transports, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(contents[0]) {
		return nil, errors.New("no certificate found")
	}
	cert, err := tls.X509KeyPair(contents[1], contents[2])
	if err != nil {
		return nil, err
	}
	return &transports{
		asserting: newPair(roots, cert),
		plain:     newPair(roots),
	}, nil
}

func newPair(roots *x509.CertPool, certs ...tls.Certificate) pair {
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		RootCAs:      roots,
		ServerName:   "localhost", // the target is an address; its certificate names localhost among others
		Certificates: certs,
	}
	http1 := &http.Transport{
		TLSClientConfig:     config,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 25,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true, // the client's choice
	}
	http2 := http1.Clone()
	http2.ForceAttemptHTTP2 = true
	http2.HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	return pair{http1: http1, http2: http2}
}
