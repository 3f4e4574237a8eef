package authproxy

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var adminLine = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("admin:right"))

func TestClaimsOfIdentityAreRemoved(t *testing.T) {
	w := newWorld(t, nil)
	for _, who := range []struct {
		name     string
		header   string
		wantUser []string
	}{
		{name: "anonymous", header: "X-Nothing: 1"},
		{name: "bearer", header: "Authorization: Bearer t"},
		{name: "basic", header: adminLine, wantUser: []string{"admin"}},
	} {
		for _, claim := range []string{
			"X-Remote-User: root", "x-remote-user: root", "X-REMOTE-USER: root", "X-Remote_User: root", "X_Remote_User: root",
			"X-Remote-User: root\r\nX-Remote-User: admin",
			"Connection: close, X-Remote-User\r\nX-Remote-User: root",
			"Connection: X-Remote-User, X-Remote-Group, X-Remote-Uid, Authorization",
			"X-Remote-User:\troot", "X-Remote-Uid: 0", "X-Remote-Extra-Scopes: all",
			"X-Remote-Group: system:masters", "x-rEMOTE-gROUP: system:masters", "X-Remote-Group: a\r\nx-remote-group: system:masters",
		} {
			t.Run(who.name+"/"+claim, func(t *testing.T) {
				w.raw("GET /api HTTP/1.1", "Host: x", who.header, claim)
				got := w.last()
				if got == nil {
					t.Fatal("did not reach the API server")
				}
				for name, values := range got.header {
					if text := fmt.Sprint(name, values); strings.Contains(text, "root") || strings.Contains(text, "system:masters") || strings.Contains(text, "scopes") {
						t.Errorf("the claim came through as %s: %q", name, values)
					}
				}
				if user := got.header["X-Remote-User"]; fmt.Sprint(user) != fmt.Sprint(who.wantUser) {
					t.Errorf("came as %q, want %q", user, who.wantUser)
				}
				if (got.peer != "") != (who.wantUser != nil) {
					t.Errorf("came with certificate %q", got.peer)
				}
			})
		}
	}
}

func TestRequestsThatAreNotForwarded(t *testing.T) {
	w := newWorld(t, nil)
	for _, lines := range [][]string{
		{"CONNECT 127.0.0.1:22 HTTP/1.1", "Host: x", adminLine},
		{"GET /api HTTP/1.1", "Host: x", adminLine, "X-Remote-User : root"},
		{"GET /api HTTP/1.1", "Host: x", adminLine, "X-Note: a", " X-Remote-User: root"},
		{"POST /api HTTP/1.1", "Host: x", adminLine, "Content-Length: 3", "Content-Length: 4"},
		{"POST /api HTTP/1.1", "Host: x", adminLine, "Transfer-Encoding: chunked, identity"},
	} {
		t.Run(lines[len(lines)-1], func(t *testing.T) {
			answer := w.raw(lines...)
			got := w.last()
			if got != nil && got.header.Get("X-Remote-User") != "admin" {
				t.Errorf("reached the API server as %q", got.header)
			}
			if got == nil && (answer.status < 400 || answer.status == http.StatusServiceUnavailable) {
				t.Errorf("status %d, want a refusal", answer.status)
			}
		})
	}
}

func TestRequestsArriveAsTheyWere(t *testing.T) {
	w := newWorld(t, nil)
	for _, target := range []string{
		"/api/v1/namespaces/default/services/https:web:443/proxy/a%2Fb//c?x=1;y=2&labelSelector=a%3Db",
		"/api/v1/../v1/pods?watch=1&watch=1",
	} {
		w.raw("GET "+target+" HTTP/1.1", "Host: x", adminLine, "Impersonate-User: frodo", "Impersonate-Extra-Scopes: view", "Accept: application/json;as=Table", "X-Forwarded-For: 203.0.113.9", "X-Real-Ip: 203.0.113.9")
		got := w.last()
		if got == nil || got.line != "GET "+target {
			t.Fatalf("the API server saw %+v, want %q", got, target)
		}
		for name, want := range map[string]string{
			"Impersonate-User":         "frodo", // the API server decides whether admin may
			"Impersonate-Extra-Scopes": "view",
			"Accept":                   "application/json;as=Table",
			"X-Forwarded-For":          "127.0.0.1",
			"X-Real-Ip":                "",
			"User-Agent":               "",
		} {
			if h := got.header.Get(name); h != want {
				t.Errorf("%s = %q, want %q", name, h, want)
			}
		}
	}
}

func TestWatchEventsArriveWhenTheyHappen(t *testing.T) {
	next, gone := make(chan string), make(chan struct{})
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.(http.Flusher).Flush()
		for {
			select {
			case event := <-next:
				fmt.Fprint(rw, event+"\n")
				rw.(http.Flusher).Flush()
			case <-r.Context().Done():
				close(gone)
				return
			}
		}
	})
	for _, tt := range []struct {
		name   string
		http2  bool
		header http.Header
	}{
		{name: "password over HTTP/1.1", header: basic("admin", "right")},
		{name: "password over HTTP/2", http2: true, header: basic("admin", "right")},
		{name: "token over HTTP/2", http2: true, header: http.Header{"Authorization": {"Bearer t"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			gone = make(chan struct{})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.front.URL+"/api/v1/pods?watch=true", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = tt.header
			resp, err := w.client(tt.http2, nil).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			events := bufio.NewScanner(resp.Body)
			for i := range 3 {
				want := fmt.Sprintf(`{"event":%d}`, i)
				next <- want
				if !events.Scan() || events.Text() != want {
					t.Fatalf("event %d: %q, %v", i, events.Text(), events.Err())
				}
			}
			resp.Body.Close()
			select {
			case <-gone:
			case <-time.After(10 * time.Second):
				t.Error("the API server was not told that the client has gone")
			}
		})
	}
}

func TestUpgradedConnectionsWorkBothWays(t *testing.T) {
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			rw.WriteHeader(http.StatusInternalServerError) // as over HTTP/2
			return
		}
		defer conn.Close()
		fmt.Fprintf(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
		buffered.Flush()
		for {
			line, err := buffered.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(buffered, "echo ", line)
			buffered.Flush()
		}
	})
	for _, protocol := range []string{"SPDY/3.1", "websocket"} {
		t.Run(protocol, func(t *testing.T) {
			answer := w.raw("POST /api/v1/namespaces/default/pods/p/exec HTTP/1.1", "Host: x", adminLine,
				"Connection: Upgrade, X-Remote-User", "Upgrade: "+protocol, "X-Remote-User: root")
			if answer.status != http.StatusSwitchingProtocols || answer.header.Get("Upgrade") != protocol {
				t.Fatalf("status %d, Upgrade %q", answer.status, answer.header.Get("Upgrade"))
			}
			got := w.last()
			if got.header.Get("X-Remote-User") != "admin" || got.peer != "federation-auth-proxy" || got.protocol != "HTTP/1.1" {
				t.Errorf("came as %q with certificate %q over %s", got.header.Get("X-Remote-User"), got.peer, got.protocol)
			}
			for _, say := range []string{"speak", "friend"} {
				fmt.Fprintln(answer.stream, say)
				answer.stream.Flush()
				if line, err := answer.stream.ReadString('\n'); err != nil || line != "echo "+say+"\n" {
					t.Fatalf("got %q, %v", line, err)
				}
			}
		})
	}
}

// kube-apiserver closes the connections of who is anonymous, and HTTP/2 has all
// requests on one: a POST that is on its way then could not be sent again.
func TestAnonymousRequestsBreakNoOthers(t *testing.T) {
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			rw.Header().Set("Connection", "close") // over HTTP/2 this sends GOAWAY
		}
		_, _ = io.Copy(rw, r.Body)
	})
	post := func(c *http.Client, header http.Header) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.front.URL+"/api", strings.NewReader("{}"))
		if err != nil {
			return err
		}
		req.Header = header
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d, %q, %w", resp.StatusCode, body, err)
		}
		return nil
	}
	var done atomic.Bool
	var strangers, robots sync.WaitGroup
	for range 4 {
		stranger, robot := w.client(true, nil), w.client(true, nil)
		strangers.Go(func() {
			for !done.Load() {
				if err := post(stranger, http.Header{}); err != nil {
					t.Errorf("anonymous: %v", err)
				}
			}
		})
		robots.Go(func() {
			for range 50 {
				if err := post(robot, http.Header{"Authorization": {"Bearer t"}}); err != nil {
					t.Errorf("with a token: %v", err)
				}
			}
		})
	}
	robots.Wait()
	done.Store(true)
	strangers.Wait()
}

func TestAnAPIServerThatIsAway(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.proxy.Reachable(t.Context()); err != nil {
		t.Errorf("Reachable = %v, want nil", err)
	}
	w.api.Close()
	status, body := w.get(w.client(true, nil), "/api", basic("admin", "right"))
	checkRefusal(t, status, body, http.StatusServiceUnavailable)
	if err := w.proxy.Reachable(t.Context()); err == nil {
		t.Error("Reachable gave no error")
	}
}
