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
	"sync/atomic"
	"time"
)

// maxBody is more than the verbose answer of an API server with a hundred checks.
const maxBody = 64 << 10

const (
	readyPath = "/readyz"
	livePath  = "/livez"
	// startupPath is answered as soon as the API server answers anything.
	startupPath = "/startupz"
)

// A kubelet asks once a second at most, and learns at once of an answer that it waits for. So
// a "no" is held back for a while, where a "yes" is the news.
const (
	patience = 3 * time.Second       // less than the probe's own
	interval = 50 * time.Millisecond // between two looks meanwhile

	endInterval = 500 * time.Millisecond // between two looks at whether the target is still there
)

// Proxy is the handler. It forwards GET and HEAD of exactly /livez and /readyz,
// with the query parameters verbose and exclude; nothing else of a request reaches
// the target, and no other request does. After a "no" to /readyz, and at first, the next one
// is held back for three seconds. /startupz answers 200 when the target answers whatever it
// may be, and 503 after three seconds without.
type Proxy struct {
	target  *url.URL
	timeout time.Duration
	client  *client

	patience    time.Duration
	endInterval time.Duration
	ready       atomic.Bool // what /readyz said last
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
	return &Proxy{target: target, timeout: o.timeout(), client: c, patience: patience, endInterval: endInterval}, nil
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Decoded and as it came: an encoded or unclean spelling of a path is another path.
	path := r.URL.EscapedPath()
	if path != livePath && path != readyPath && path != startupPath {
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
	resp, err := p.answer(ctx, r, path)
	if err != nil {
		http.Error(w, fmt.Sprintf("the API server at %s does not answer: %v", p.target.Host, err), http.StatusServiceUnavailable)
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if path == startupPath {
		return // 200
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(resp.Body, maxBody)) // if the prober has gone there is nobody to tell
}

// answer asks the target; where a "yes" is the news, until there is one or the patience is over.
func (p *Proxy) answer(ctx context.Context, r *http.Request, path string) (*http.Response, error) {
	switch path {
	case startupPath:
		return p.askUntil(ctx, r, livePath, p.patience, func(*http.Response) bool { return true })
	case readyPath:
		patience := p.patience
		if p.ready.Load() {
			patience = 0
		}
		resp, err := p.askUntil(ctx, r, readyPath, patience, isYes)
		p.ready.Store(err == nil && isYes(resp))
		return resp, err
	default:
		return p.ask(ctx, r, path)
	}
}

func isYes(resp *http.Response) bool { return resp.StatusCode == http.StatusOK }

// askUntil asks again and again until the answer is good. When the patience is over, the last answer counts.
func (p *Proxy) askUntil(ctx context.Context, r *http.Request, path string, patience time.Duration, good func(*http.Response) bool) (*http.Response, error) {
	end := time.Now().Add(patience)
	for {
		resp, err := p.ask(ctx, r, path)
		if err == nil && good(resp) || !time.Now().Before(end) || ctx.Err() != nil {
			return resp, err
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)) // so that the connection is kept
			_ = resp.Body.Close()
		}
		select {
		case <-ctx.Done():
		case <-time.After(interval):
		}
	}
}

// AwaitEnd returns when the target answers nothing any more, or ctx ends.
func (p *Proxy) AwaitEnd(ctx context.Context) {
	for {
		limited, cancel := context.WithTimeout(ctx, p.timeout)
		resp, err := p.get(limited, http.MethodGet, livePath, nil)
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
			_ = resp.Body.Close()
		}
		cancel()
		if err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(p.endInterval):
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
	return p.get(ctx, r.Method, path, query)
}

func (p *Proxy) get(ctx context.Context, method, path string, query url.Values) (*http.Response, error) {
	u := url.URL{Scheme: p.target.Scheme, Host: p.target.Host, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "federation-health-proxy")
	return p.client.roundTrip(req)
}
