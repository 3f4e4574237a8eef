package members

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// How long a member that has gone silent holds up whoever waits for it. A connection on which nothing has come for pingAfter is tried,
// and given up when that has no answer either: only then a new one is made, which may lead to another machine.
const (
	dialTimeout  = 10 * time.Second
	pingAfter    = 10 * time.Second
	pingTimeout  = 5 * time.Second
	idleTimeout  = 90 * time.Second
	idlePerHost  = 4
	maxHeaderLen = 64 << 10
)

// link is the way to one member: its own connections, and the token that requests carry at the time.
type link struct {
	server    string // URL
	host      string // of the URL
	transport atomic.Pointer[connections]
	config    *rest.Config
	token     atomic.Pointer[string]
}

// newLink makes no connection yet.
func newLink(server string, c Credential, userAgent string) (*link, error) {
	tlsConfig, err := rest.TLSConfigFor(&rest.Config{Host: server, TLSClientConfig: rest.TLSClientConfig{
		CAData: c.CA, ServerName: c.TLSServerName, CertData: c.ClientCert, KeyData: c.ClientKey,
	}})
	if err != nil {
		return nil, fmt.Errorf("set up TLS for %s: %w", server, err)
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the server's address %q is none", server)
	}
	l := &link{server: server, host: u.Host}
	l.use(c)
	l.transport.Store(&connections{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderLen,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
	}})
	l.config = &rest.Config{
		Host: server, Transport: l, UserAgent: userAgent,
		QPS:            -1, // whoever works on the member knows how much it may ask; probes must not stand in line
		WarningHandler: rest.NoWarnings{},
	}
	return l, nil
}

// use makes requests from now on carry the token of c.
func (l *link) use(c Credential) { l.token.Store(&c.Token) }

// RoundTrip implements http.RoundTripper. It goes nowhere but to the member: a server that sends its client elsewhere would make it ask,
// from inside the host cluster, what the server itself cannot reach. And it takes no more of an answer than any of a member's should have.
func (l *link) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != l.host || req.URL.Scheme != "https" {
		return nil, errElsewhere
	}
	if token := *l.token.Load(); token != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := l.transport.Load().RoundTrip(req)
	if err == nil && !isWatch(req) {
		resp.Body = &bounded{resp.Body, longestAnswer}
	}
	return resp, err
}

// reconnect makes new requests go over new connections. Those under way stay on theirs.
func (l *link) reconnect() {
	old := l.transport.Load()
	l.transport.Store(&connections{Transport: old.Clone()})
	old.CloseIdleConnections()
}

// client returns one that asks for single paths, and decodes Kubernetes' own kinds.
func (l *link) client() (rest.Interface, error) {
	config := rest.CopyConfig(l.config)
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of %s: %w", l.server, err)
	}
	return client, nil
}

// close ends the connections that nothing uses any more.
func (l *link) close() { l.transport.Load().CloseIdleConnections() }
