package members

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// hole is a network that loses all packets from some time on, and tells nobody.
type hole struct {
	net.Listener
	open atomic.Bool
}

func (h *hole) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	return &lossy{c, h}, err
}

type lossy struct {
	net.Conn
	hole *hole
}

func (c *lossy) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.hole.open.Load() {
			return n, err
		}
	}
}

func (c *lossy) Write(p []byte) (int, error) {
	if c.hole.open.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// A watch says nothing for minutes: that its member is away has to be found out.
func TestWatchOfAMemberThatHasGoneSilentEnds(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-req.Context().Done()
	}))
	server.EnableHTTP2 = true
	network := &hole{Listener: server.Listener}
	server.Listener = network
	server.StartTLS()
	t.Cleanup(server.Close)
	m := memberAt(t, server)
	watch, err := m.Client.Get().AbsPath("/api/v1/nodes").Param("watch", "true").Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	network.open.Store(true)
	began := time.Now()
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, watch)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it ends as if the member had ended it")
		}
		t.Logf("it ends after %s: %v", time.Since(began).Round(time.Second), err)
	case <-time.After(pingAfter + pingTimeout + 15*time.Second):
		t.Error("it goes on")
	}
}
