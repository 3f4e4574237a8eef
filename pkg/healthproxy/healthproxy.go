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

	"github.com/fedhelm/fedhelm/pkg/held"
)

// maxBody is more than the verbose answer of an API server with a hundred checks.
const maxBody = 64 << 10

const (
	readyPath = "/readyz"
	livePath  = "/livez"
	// startupPath is answered as soon as the API server answers anything.
	startupPath = "/startupz"
)

// endInterval is between two looks at whether the target is still there.
const endInterval = 500 * time.Millisecond

// Proxy is the handler. It forwards GET and HEAD of exactly /livez and /readyz,
// with the query parameters verbose and exclude; nothing else of a request reaches
// the target, and no other request does. Three things are the proxy's own:
//   - a "no" to /readyz without parameters is held back where a "yes" is the news, see package held;
//   - /livez answers 200 where the target says 403: it lives, and has not read its own rules yet
//     or has others;
//   - /startupz answers 200 when the target answers whatever it may be, and 503 after three seconds without.
type Proxy struct {
	target  *url.URL
	timeout time.Duration
	client  *client

	patience    time.Duration // of /startupz
	ready       held.Readiness
	endInterval time.Duration
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
	return &Proxy{
		target: target, timeout: o.timeout(), client: c,
		patience: held.Patience, ready: held.Readiness{Patience: held.Patience}, endInterval: endInterval,
	}, nil
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
	says, err := p.answer(ctx, r, path)
	if err != nil {
		http.Error(w, fmt.Sprintf("the API server at %s does not answer: %v", p.target.Host, err), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if path == startupPath || path == livePath && says.status == http.StatusForbidden {
		return // 200
	}
	w.WriteHeader(says.status)
	_, _ = w.Write(says.body) // if the prober has gone there is nobody to tell
}

// answer is what the target says.
type answer struct {
	status int
	body   []byte
}

// answer asks the target, once or until there is news.
func (p *Proxy) answer(ctx context.Context, r *http.Request, path string) (says answer, err error) {
	switch {
	case path == startupPath:
		held.Until(ctx, p.patience, func(ctx context.Context) bool {
			says, err = p.ask(ctx, r.Method, livePath, nil)
			return err == nil
		})
	case path == readyPath && r.URL.RawQuery == "":
		p.ready.Look(ctx, func(ctx context.Context) bool {
			says, err = p.ask(ctx, r.Method, readyPath, nil)
			return err == nil && says.status == http.StatusOK
		})
	default:
		says, err = p.ask(ctx, r.Method, path, r.URL.Query())
	}
	return says, err
}

// AwaitEnd returns when the target answers nothing any more, or ctx ends.
func (p *Proxy) AwaitEnd(ctx context.Context) {
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, p.timeout)
		_, err := p.ask(limited, http.MethodGet, livePath, nil)
		cancel()
		if err != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(p.endInterval):
		}
	}
}

// ask makes a request of its own, from known parts only.
func (p *Proxy) ask(ctx context.Context, method, path string, parameters url.Values) (answer, error) {
	query := url.Values{}
	for _, known := range []string{"verbose", "exclude"} {
		if values, ok := parameters[known]; ok {
			query[known] = values
		}
	}
	u := url.URL{Scheme: p.target.Scheme, Host: p.target.Host, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", "federation-health-proxy")
	resp, err := p.client.roundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return answer{resp.StatusCode, body}, err
}
