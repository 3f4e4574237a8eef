package members

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// connections are those to one member. The first is opened by one request, and others wait for it: net/http would open one for each request
// that comes before the first connection is there, and a member is asked a dozen things at once when work on it begins. One is enough for all
// of them, handshakes are most of what that beginning costs, and what is open stays open for a while.
type connections struct {
	*http.Transport

	mu     sync.Mutex
	opened bool
	trying chan struct{} // closed at the end of the first try; nil if none is under way
}

// RoundTrip implements http.RoundTripper.
func (c *connections) RoundTrip(req *http.Request) (*http.Response, error) {
	first, err := c.turn(req.Context())
	if err != nil {
		return nil, err
	}
	if !first {
		return c.Transport.RoundTrip(req)
	}
	// Others can use a connection a moment after this request has got it: certainly when it has been used.
	trace := &httptrace.ClientTrace{WroteHeaders: func() { c.tried(true) }}
	resp, err := c.Transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	c.tried(err == nil)
	return resp, err
}

// turn returns when connections may be opened as they are needed: at the latest when the try under way has ended, in whatever way. first says
// that this is the first try, of whose end tried is to be told.
func (c *connections) turn(ctx context.Context) (first bool, err error) {
	c.mu.Lock()
	trying := c.trying
	switch {
	case c.opened:
		c.mu.Unlock()
		return false, nil
	case trying == nil:
		c.trying = make(chan struct{})
		c.mu.Unlock()
		return true, nil
	}
	c.mu.Unlock()
	select {
	case <-trying:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// tried ends a try, once.
func (c *connections) tried(opened bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = c.opened || opened
	if c.trying != nil {
		close(c.trying)
		c.trying = nil
	}
}
