package cluster

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

func TestProbe(t *testing.T) {
	tests := []struct {
		name    string
		status  int32
		outcome outcome
		says    string
	}{
		{name: "ok", status: http.StatusOK, outcome: healthy, says: "/readyz says ok"},
		{name: "not ready, and why", status: http.StatusInternalServerError, outcome: unhealthy, says: "/readyz says 500; failing: etcd"},
		{name: "a proxy without a server behind it", status: http.StatusBadGateway, outcome: unhealthy, says: "says 502"},
		{name: "a credential that is not known", status: http.StatusUnauthorized, outcome: rejected, says: "401"},
		{name: "a credential that may not ask", status: http.StatusForbidden, outcome: forbidden, says: "403"},
		{name: "a server that is too old for readyz is asked for healthz", status: http.StatusNotFound, outcome: unhealthy, says: "/healthz says 404"},
	}
	server := newFakeMember(t)
	f := newFixture(t, clocktesting.NewFakeClock(noon), server, "gondor")
	t.Cleanup(f.stop)
	f.becomes("gondor", "True ClusterReady")
	member, _ := f.registry.Get("gondor")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server.status.Store(tt.status)
			got := probe(t.Context(), member, 5*time.Second)
			if got.outcome != tt.outcome || !strings.Contains(got.message, tt.says) {
				t.Errorf("probe = %+v, want %d with %q", got, tt.outcome, tt.says)
			}
		})
	}
}

func TestProbeDoesNotStickToADeadConnection(t *testing.T) {
	server := newFakeMember(t)
	way := newWay(t, server.Listener.Addr().String())
	server.URL = "https://" + way.Addr().String()
	f := newFixture(t, clocktesting.NewFakeClock(noon), server, "gondor")
	t.Cleanup(f.stop)
	f.becomes("gondor", "True ClusterReady")
	member, _ := f.registry.Get("gondor")

	way.swallow()
	const timeout = 300 * time.Millisecond
	if got := probe(t.Context(), member, timeout); got.outcome != unreachable || !strings.Contains(got.message, "no answer within 300ms") {
		t.Errorf("over a connection that swallows everything: %+v", got)
	}
	if got := probe(t.Context(), member, 5*time.Second); got.outcome != healthy {
		t.Errorf("while a new connection would lead to the member: %+v", got)
	}
}

// way leads connections to another address.
type way struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn // by which we lead on
}

func newWay(t *testing.T, to string) *way {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{Listener: listener}
	var copying sync.WaitGroup
	copying.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				t.Error(err)
				return
			}
			w.mu.Lock()
			w.conns = append(w.conns, server, client)
			w.mu.Unlock()
			copying.Go(func() { _, _ = io.Copy(server, client) })
			copying.Go(func() { _, _ = io.Copy(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.mu.Lock()
		for _, c := range w.conns {
			_ = c.Close()
		}
		w.mu.Unlock()
		copying.Wait()
	})
	return w
}

// swallow lets no answer through on the connections that there are, without ending them.
func (w *way) swallow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := 0; i < len(w.conns); i += 2 {
		_ = w.conns[i].SetReadDeadline(time.Unix(1, 0)) // nothing comes back any more
	}
}
