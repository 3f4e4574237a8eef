// Package healthproxy answers a kubelet's probes with what an API server says of
// itself. A kubelet sends no credentials, which an API server without anonymous
// access turns away; the proxy asks with a client certificate of its own.
package healthproxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxBody is more than the verbose answer of an API server with a hundred checks.
const maxBody = 64 << 10

// startupPath is answered as /readyz is, but a "no" is held back for a while. A kubelet
// asks at most once a second, and an answer that it waits for reaches it at once.
const startupPath = "/startupz"

const (
	startupPatience = 5 * time.Second       // how long a "no" is held back
	startupInterval = 50 * time.Millisecond // between two looks meanwhile
)

// Proxy is the handler. It forwards GET and HEAD of exactly /livez and /readyz,
// with the query parameters verbose and exclude; nothing else of a request reaches
// the target, and no other request does. /startupz answers when /readyz says yes, and
// after five seconds with the "no" that it says then.
type Proxy struct {
	target  *url.URL
	timeout time.Duration
	client  *client

	startupPatience time.Duration
}

// New returns a Proxy. The files must be there and fit together.
func New(o Options) (*Proxy, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	target, err := url.Parse(o.Target)
	if err != nil {
		return nil, err
	}
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Proxy{target: target, timeout: o.timeout(), client: c, startupPatience: startupPatience}, nil
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Decoded and as it came: an encoded or unclean spelling of a path is another path.
	path := r.URL.EscapedPath()
	if path != "/livez" && path != "/readyz" && path != startupPath {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.timeout)
	defer cancel()
	var resp *http.Response
	var err error
	if path == startupPath {
		resp, err = p.askUntilReady(ctx, r)
	} else {
		resp, err = p.ask(ctx, r, path)
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("the API server at %s does not answer: %v", p.target.Host, err), http.StatusServiceUnavailable)
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(resp.Body, maxBody)) // if the prober has gone there is nobody to tell
}

// askUntilReady asks for /readyz again and again until the answer is yes. When the patience is over, the last answer counts.
func (p *Proxy) askUntilReady(ctx context.Context, r *http.Request) (*http.Response, error) {
	end := time.Now().Add(p.startupPatience)
	for {
		resp, err := p.ask(ctx, r, "/readyz")
		if err == nil && resp.StatusCode == http.StatusOK || time.Now().After(end) || ctx.Err() != nil {
			return resp, err
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)) // so that the connection is kept
			_ = resp.Body.Close()
		}
		select {
		case <-ctx.Done():
		case <-time.After(startupInterval):
		}
	}
}

// ask makes a request of its own, from known parts only.
func (p *Proxy) ask(ctx context.Context, r *http.Request, path string) (*http.Response, error) {
	query := url.Values{}
	for _, known := range []string{"verbose", "exclude"} {
		if values, ok := r.URL.Query()[known]; ok {
			query[known] = values
		}
	}
	u := url.URL{Scheme: p.target.Scheme, Host: p.target.Host, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "federation-health-proxy")
	return p.client.roundTrip(req)
}
