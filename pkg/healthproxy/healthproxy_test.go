package healthproxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// apiserver is a fake that wants a client certificate and notes what it is asked.
type apiserver struct {
	*httptest.Server
	dir string
	ca  *certs.Pair

	mu  sync.Mutex
	has seen
}

// seen is what a server has seen so far.
type seen struct {
	requests    []string
	headers     []http.Header
	users       []string
	connections int
	closed      int
}

func (a *apiserver) seen() seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.has
}

func newAPIServer(t *testing.T, answer http.HandlerFunc) *apiserver {
	t.Helper()
	a := &apiserver{dir: t.TempDir(), ca: certs.CA(t, "cluster")}
	serving := a.ca.Server(t, "localhost")
	a.ca.Write(t, a.dir, "ca")
	a.ca.Client(t, "federation-health", "system:monitoring").Write(t, a.dir, "client")
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.has.requests = append(a.has.requests, r.Method+" "+r.RequestURI)
		a.has.headers = append(a.has.headers, r.Header)
		a.has.users = append(a.has.users, r.TLS.PeerCertificates[0].Subject.CommonName)
		a.mu.Unlock()
		answer(w, r)
	}))
	a.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{serving.Cert.Raw}, PrivateKey: serving.Key}},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    a.ca.Pool(),
	}
	a.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		a.mu.Lock()
		defer a.mu.Unlock()
		switch s {
		case http.StateNew:
			a.has.connections++
		case http.StateClosed:
			a.has.closed++
		default: // what happens in between does not matter
		}
	}
	a.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	a.StartTLS()
	t.Cleanup(a.Close)
	return a
}

func (a *apiserver) options() Options {
	return Options{
		Target:   a.URL,
		CAFile:   filepath.Join(a.dir, "ca.crt"),
		CertFile: filepath.Join(a.dir, "client.crt"),
		KeyFile:  filepath.Join(a.dir, "client.key"),
		Log:      slog.New(slog.DiscardHandler),
	}
}

func newProxy(t *testing.T, o Options) *httptest.Server {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	p.client.transports.Interval = 0
	p.patience, p.ready.Patience = 500*time.Millisecond, 500*time.Millisecond
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	return front
}

// send writes the request line as it is given, which http.Client would clean up.
func send(t *testing.T, front *httptest.Server, line string, headers ...string) (int, string, http.Header) {
	t.Helper()
	conn, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, line+" HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n"+strings.Join(append(headers, "\r\n"), "\r\n"))
	method, _, _ := strings.Cut(line, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestProxyForwards(t *testing.T) {
	api := newAPIServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Audit-Id", "internal")
		if r.URL.Query().Has("exclude") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, "said "+r.URL.Path)
	})
	front := newProxy(t, api.options())
	tests := []struct {
		name, line string
		want       string
		wantStatus int
		wantBody   string
	}{
		{name: "livez", line: "GET /livez", want: "GET /livez", wantStatus: 200, wantBody: "said /livez"},
		{name: "readyz", line: "GET /readyz", want: "GET /readyz", wantStatus: 200, wantBody: "said /readyz"},
		{name: "HEAD has no body", line: "HEAD /readyz", want: "HEAD /readyz", wantStatus: 200},
		{name: "verbose is passed on", line: "GET /readyz?verbose", want: "GET /readyz?verbose=", wantStatus: 200, wantBody: "said /readyz"},
		{name: "exclude is passed on, repeatedly, and so is a failure", line: "GET /readyz?exclude=etcd&exclude=ping", want: "GET /readyz?exclude=etcd&exclude=ping", wantStatus: 500, wantBody: "said /readyz"},
		{name: "an unknown parameter is dropped", line: "GET /livez?verbose&watch=true&as=admin", want: "GET /livez?verbose=", wantStatus: 200, wantBody: "said /livez"},
		{name: "a path in a parameter stays in it", line: "GET /livez?exclude=../../api", want: "GET /livez?exclude=..%2F..%2Fapi", wantStatus: 500, wantBody: "said /livez"},
		{name: "the host of an absolute URL is not followed", line: "GET http://elsewhere.example/livez", want: "GET /livez", wantStatus: 200, wantBody: "said /livez"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(api.seen().requests)
			status, body, header := send(t, front, tt.line)
			if asked := api.seen().requests[before:]; len(asked) != 1 || asked[0] != tt.want {
				t.Errorf("the API server was asked %q, want %q", asked, tt.want)
			}
			if status != tt.wantStatus || body != tt.wantBody {
				t.Errorf("answer %d %q, want %d %q", status, body, tt.wantStatus, tt.wantBody)
			}
			if header.Get("Audit-Id") != "" {
				t.Error("a header of the API server came through")
			}
		})
	}
	if api.seen().users[0] != "federation-health" {
		t.Errorf("asked as %q, want federation-health", api.seen().users[0])
	}
}

// failing answers "no" so many times.
func failing(times int32) http.HandlerFunc {
	var asked atomic.Int32
	return func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= times {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, "[-]etcd failed")
		}
	}
}

func TestReadinessIsAnsweredWhenItComes(t *testing.T) {
	api := newAPIServer(t, failing(2))
	if status, body, _ := send(t, newProxy(t, api.options()), "GET /readyz"); status != http.StatusOK {
		t.Errorf("answer %d %q, want 200 at the third look", status, body)
	}
	if api.seen().requests[0] != "GET /readyz" || len(api.seen().requests) != 3 || api.seen().connections != 1 {
		t.Errorf("the API server was asked %q over %d connections, want /readyz three times over one", api.seen().requests, api.seen().connections)
	}
}

func TestUnreadinessIsAnsweredAtOnce(t *testing.T) {
	var unready atomic.Bool
	api := newAPIServer(t, func(w http.ResponseWriter, _ *http.Request) {
		if unready.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	front := newProxy(t, api.options())
	send(t, front, "GET /readyz")
	unready.Store(true)
	status, _, _ := send(t, front, "GET /readyz")
	if status != http.StatusInternalServerError || len(api.seen().requests) != 2 {
		t.Errorf("answer %d after %d requests, want the first \"no\"", status, len(api.seen().requests))
	}
}

func TestStartupIsAnsweredByWhateverTheServerSays(t *testing.T) {
	api := newAPIServer(t, failing(1))
	status, body, _ := send(t, newProxy(t, api.options()), "GET /startupz")
	if status != http.StatusOK || body != "" {
		t.Errorf("answer %d %q, want 200 and nothing of what the server says", status, body)
	}
	if len(api.seen().requests) != 1 || api.seen().requests[0] != "GET /livez" {
		t.Errorf("the API server was asked %q, want /livez once", api.seen().requests)
	}
}

func TestItSaysNoInTheEnd(t *testing.T) {
	unready := newAPIServer(t, failing(1000))
	gone := newAPIServer(t, nil)
	gone.Close()
	for _, tt := range []struct {
		name       string
		api        *apiserver
		path       string
		wantStatus int
		want       string
	}{
		{"with what the server says", unready, readyPath, http.StatusInternalServerError, "[-]etcd failed"},
		{"when there is no server to be ready", gone, readyPath, http.StatusServiceUnavailable, "refused"},
		{"when there is no server that could have started", gone, startupPath, http.StatusServiceUnavailable, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(tt.api.options())
			if err != nil {
				t.Fatal(err)
			}
			p.patience, p.ready.Patience = 120*time.Millisecond, 120*time.Millisecond
			front := httptest.NewServer(p)
			defer front.Close()
			if status, body, _ := send(t, front, "GET "+tt.path); status != tt.wantStatus || !strings.Contains(body, tt.want) {
				t.Errorf("answer %d %q, want %d with %q", status, body, tt.wantStatus, tt.want)
			}
		})
	}
}

func TestAServerThatTurnsTheProxyAwayLives(t *testing.T) {
	api := newAPIServer(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "forbidden: no such role yet", http.StatusForbidden)
	})
	front := newProxy(t, api.options())
	for line, want := range map[string]int{"GET /livez": http.StatusOK, "GET /readyz": http.StatusForbidden} {
		if status, body, _ := send(t, front, line); status != want {
			t.Errorf("%s: answer %d %q, want %d", line, status, body, want)
		}
	}
}

func TestReadinessWithParametersIsNoKubelets(t *testing.T) {
	api := newAPIServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	front := newProxy(t, api.options())
	send(t, front, "GET /readyz?exclude=etcd")
	before := len(api.seen().requests)
	send(t, front, "GET /readyz")
	if len(api.seen().requests) < before+2 {
		t.Error("the kubelet's answer was not held back, for somebody else had a yes to another question")
	}
}

func TestAwaitEndReturnsWhenTheServerIsGone(t *testing.T) {
	api := newAPIServer(t, failing(1000))
	p, err := New(api.options())
	if err != nil {
		t.Fatal(err)
	}
	p.endInterval = 10 * time.Millisecond
	ended := make(chan struct{})
	go func() { p.AwaitEnd(t.Context()); close(ended) }()
	select {
	case <-ended:
		t.Fatal("it returned while the server answers")
	case <-time.After(100 * time.Millisecond):
	}
	api.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it did not return when the server had gone")
	}
}

func TestProxyForwardsNothingElse(t *testing.T) {
	api := newAPIServer(t, func(http.ResponseWriter, *http.Request) {})
	front := newProxy(t, api.options())
	for _, line := range []string{
		"GET /", "GET /api", "GET /metrics", "GET /healthz", "GET /livez/", "GET /livez/etcd", "GET /readyz/../api", "GET //livez",
		"GET /livez/..%2f..%2fapi", "GET /%6civez", "GET /livez%2f..%2fapi", "GET /./livez", "GET /api/../livez", "GET /livez%00", "GET /livez;/api", "GET /startupz/", "POST /startupz",
		"GET /LIVEZ", "GET /livez%3fverbose", "GET http://elsewhere.example/api", "GET /\\livez",
		"POST /livez", "PUT /readyz", "DELETE /livez", "PATCH /livez", "TRACE /livez", "OPTIONS /livez",
		"CONNECT 127.0.0.1:6443",
	} {
		t.Run(line, func(t *testing.T) {
			if status, body, _ := send(t, front, line); status < 400 || status >= 500 {
				t.Errorf("answer %d %q, want a refusal", status, body)
			}
		})
	}
	if len(api.seen().requests) != 0 {
		t.Errorf("reached the API server: %q", api.seen().requests)
	}
}

func TestProxySendsNoHeaderOfTheRequest(t *testing.T) {
	api := newAPIServer(t, func(http.ResponseWriter, *http.Request) {})
	front := newProxy(t, api.options())
	send(t, front, "GET /livez", "Authorization: Bearer stolen", "Impersonate-User: admin", "X-Remote-User: admin", "Cookie: a=b")
	for name := range api.seen().headers[0] {
		if name != "User-Agent" {
			t.Errorf("header %s: %q reached the API server", name, api.seen().headers[0].Get(name))
		}
	}
}

func TestProxyKeepsItsConnectionAndChangesItWithTheCertificate(t *testing.T) {
	api := newAPIServer(t, func(http.ResponseWriter, *http.Request) {})
	front := newProxy(t, api.options())
	for range 5 {
		send(t, front, "GET /livez")
	}
	if api.seen().connections != 1 {
		t.Errorf("5 probes took %d connections, want 1", api.seen().connections)
	}
	api.ca.Client(t, "federation-health-renewed").Write(t, api.dir, "client")
	send(t, front, "GET /livez")
	if got := api.seen().users[len(api.seen().users)-1]; got != "federation-health-renewed" {
		t.Errorf("after the renewal asked as %q, want federation-health-renewed", got)
	}
	if api.seen().connections != 2 {
		t.Errorf("the renewal took %d further connections, want 1", api.seen().connections-1)
	}
	eventually.Do(t, 10*time.Second, "the former connection to be closed", func() error {
		if closed := api.seen().closed; closed != 1 {
			return fmt.Errorf("%d connections are closed", closed)
		}
		return nil
	})
}

func TestProxyWithoutAnAPIServer(t *testing.T) {
	tests := []struct {
		name  string
		setup func(t *testing.T) Options
		want  string
	}{
		{name: "nothing listens yet", want: "refused", setup: func(t *testing.T) Options {
			t.Helper()
			api := newAPIServer(t, nil)
			api.Close()
			return api.options()
		}},
		{name: "the server has a certificate of another CA", want: "certificate", setup: func(t *testing.T) Options {
			t.Helper()
			o := newAPIServer(t, nil).options()
			other := newAPIServer(t, nil)
			o.CAFile = other.options().CAFile
			return o
		}},
		{name: "the server does not answer in time", want: context.DeadlineExceeded.Error(), setup: func(t *testing.T) Options {
			t.Helper()
			o := newAPIServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).options()
			o.Timeout = 50 * time.Millisecond
			return o
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body, _ := send(t, newProxy(t, tt.setup(t)), "GET /readyz")
			if status != http.StatusServiceUnavailable || !strings.Contains(body, tt.want) || len(body) > 300 {
				t.Errorf("answer %d %q, want 503 and a short body with %q", status, body, tt.want)
			}
		})
	}
}

func TestNewReportsAllThatIsWrong(t *testing.T) {
	_, err := New(Options{Target: "http://127.0.0.1:6443"})
	for _, want := range []string{"target", "CA file", "certificate file", "key file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name the %s", err, want)
		}
	}
	api := newAPIServer(t, nil)
	o := api.options()
	o.KeyFile = filepath.Join(api.dir, "ca.key")
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("a key of another certificate gave %v", err)
	}
}
