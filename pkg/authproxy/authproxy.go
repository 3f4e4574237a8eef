// Package authproxy authenticates requests in front of a kube-apiserver, for the
// sake of HTTP basic authentication, which kube-apiserver has no longer.
//
// Who presents a client certificate or a user name and password is verified here,
// and asserted to the API server over a connection that is opened with a
// front-proxy certificate. Everything else, such as bearer tokens and requests
// without credentials, goes over connections without one, and is the API server's
// to judge. Authorization is the API server's in every case.
package authproxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Proxy is the handler, to be served over TLS with TLSConfig.
type Proxy struct {
	target  *url.URL
	log     *slog.Logger
	clients *clientCerts
	basic   *verifier
	tls     *serverTLS
	backend *backend
	forward *httputil.ReverseProxy
}

// New returns a Proxy. The files that the options name must be there and make sense.
func New(o Options) (*Proxy, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	target, err := url.Parse(o.Target)
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, log: o.Log}
	var errs [4]error
	p.clients, errs[0] = newClientCerts(o)
	p.basic, errs[1] = newVerifier(o)
	p.tls, errs[2] = newServerTLS(o)
	p.backend, errs[3] = newBackend(o)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	// It needs no FlushInterval: what has no length, as a watch, is flushed at once.
	p.forward = &httputil.ReverseProxy{
		Rewrite:      p.rewrite,
		Transport:    p.backend,
		ErrorHandler: p.noAnswer,
		ErrorLog:     slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return p, nil
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "CONNECT is not supported")
		return
	}
	id, err := p.authenticate(r)
	if err != nil {
		p.turnAway(w, r, err)
		return
	}
	p.forward.ServeHTTP(w, r.WithContext(withIdentity(r.Context(), id)))
}

// rewrite is called after the hop-by-hop headers were removed, so that a request
// cannot have the headers that are set here taken for one of those.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	pr.Out.URL.Scheme = p.target.Scheme
	pr.Out.URL.Host = p.target.Host
	pr.Out.URL.RawQuery = pr.In.URL.RawQuery // the API server's to parse
	pr.Out.Host = ""
	pr.Out.Trailer = nil
	stripIdentity(pr.Out.Header)
	if host, _, err := net.SplitHostPort(pr.In.RemoteAddr); err == nil {
		pr.Out.Header.Set("X-Forwarded-For", host) // for the audit log
	}
	if id := identityFrom(pr.In.Context()); id != nil {
		pr.Out.Header.Del("Authorization")
		id.assert(pr.Out.Header)
	}
}

func (p *Proxy) noAnswer(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) || r.Context().Err() != nil {
		return // the client has gone; there is nobody to tell
	}
	p.log.Warn("The API server does not answer", "target", p.target.Host, "error", err)
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "the API server behind the authentication proxy does not answer")
}
