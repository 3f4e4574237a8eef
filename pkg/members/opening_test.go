package members

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counted serves HTTP/2 and counts connections. Those that come first are refused.
func counted(t *testing.T, refused int32) (server *httptest.Server, opened *atomic.Int32) {
	t.Helper()
	opened = &atomic.Int32{}
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew && opened.Add(1) <= refused {
			_ = c.Close()
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, opened
}

func askAtOnce(m *Member, n int) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			resp, err := m.HTTP.Get(m.Config.Host + "/readyz")
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				err = errors.Join(err, resp.Body.Close())
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func TestRequestsThatComeFirstShareOneConnection(t *testing.T) {
	server, opened := counted(t, 0)
	m := memberAt(t, server)
	if err := askAtOnce(m, 30); err != nil {
		t.Fatal(err)
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections were opened, want 1", n)
	}
	m.Reconnect()
	if err := askAtOnce(m, 30); err != nil {
		t.Fatal(err)
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections were opened after Reconnect, want one more", n)
	}
}

func TestAFirstConnectionThatFailsHoldsNobodyUp(t *testing.T) {
	server, opened := counted(t, 1)
	m := memberAt(t, server)
	failed := askAtOnce(m, 10)
	if failed == nil || opened.Load() < 2 {
		t.Errorf("%d connections, error %v: want the first to fail and others to be tried", opened.Load(), failed)
	}
	if err := askAtOnce(m, 10); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestWhoWaitsForTheFirstConnectionKeepsItsOwnTime(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	c := &connections{Transport: &http.Transport{}}
	hang, cancel := context.WithCancel(t.Context())
	defer cancel()
	get := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+silent.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.RoundTrip(req)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	first := make(chan error)
	go func() { first <- get(hang) }()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		trying := c.trying != nil
		c.mu.Unlock()
		if trying {
			break
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("the first request does not begin")
		}
	}
	short, done := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer done()
	if err := get(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one that waits: %v", err)
	}
	cancel()
	if err := <-first; err == nil {
		t.Error("the first request has succeeded")
	}
}
