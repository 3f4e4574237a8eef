package authproxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/fedhelm/fedhelm/pkg/localapi"
	"github.com/fedhelm/fedhelm/pkg/reload"
)

// backend sends requests to the API server: those with an asserted identity over
// connections with the front-proxy certificate, all others over connections
// without it, on which the API server believes no X-Remote-* header.
type backend struct {
	transports *reload.Value[*transports]
}

// transports are what is made of one content of the certificate files.
type transports struct {
	asserting *http.Transport
	// upgrading asserts too, over HTTP/1.1: HTTP/2 has no upgrades.
	upgrading *http.Transport
	// plain is HTTP/1.1, one request at a time on a connection: kube-apiserver ends an
	// HTTP/2 connection with the first anonymous or unauthorized request on it, and
	// everybody else's requests that are on their way would be lost.
	plain *http.Transport
}

func newBackend(o Options) (*backend, error) {
	t, err := reload.New(newTransports, o.cert("ca.crt"), o.cert("front-proxy-client.crt"), o.cert("front-proxy-client.key"))
	if err != nil {
		return nil, fmt.Errorf("front-proxy certificate: %w", err)
	}
	t.OnReload = o.reloaded("front-proxy certificate")
	t.OnReplace = (*transports).closeIdle
	return &backend{transports: t}, nil
}

// RoundTrip implements http.RoundTripper.
func (b *backend) RoundTrip(req *http.Request) (*http.Response, error) {
	t := b.transports.Get()
	switch {
	case identityFrom(req.Context()) == nil:
		return t.plain.RoundTrip(req)
	case req.Header.Get("Upgrade") != "":
		return t.upgrading.RoundTrip(req)
	}
	return t.asserting.RoundTrip(req)
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
	for _, transport := range []*http.Transport{t.asserting, t.upgrading, t.plain} {
		transport.CloseIdleConnections()
	}
}

// newTransports is made of the contents of CA, front-proxy certificate and key.
func newTransports(contents [][]byte) (*transports, error) {
	config, err := localapi.TLS(contents[0], contents[1], contents[2])
	if err != nil {
		return nil, err
	}
	asserting := newTransport(config)
	asserting.ForceAttemptHTTP2 = true
	asserting.HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	anonymous := config.Clone()
	anonymous.Certificates = nil
	return &transports{
		asserting: asserting,
		upgrading: newTransport(config.Clone()),
		plain:     newTransport(anonymous),
	}, nil
}

// newTransport speaks HTTP/1.1.
func newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		TLSClientConfig:     config,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 100,
		IdleConnTimeout:     30 * time.Second, // before kube-apiserver's 90 s: a request would be lost if it closed just then
		DisableCompression:  true,             // the client's choice
	}
}
