package authproxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// seen is what the fake API server saw of one request.
type seen struct {
	line     string // method, request URI
	peer     string // the front-proxy certificate's name, if there was one
	protocol string
	header   http.Header
}

// world is a proxy with a fake API server behind it.
type world struct {
	t          *testing.T
	dir        string
	ca         *certs.Pair // of servers and clients
	frontCA    *certs.Pair
	api, front *httptest.Server
	proxy      *Proxy
	log        bytes.Buffer

	mu   sync.Mutex
	seen []seen
}

// newWorld starts it all; answer may be nil.
func newWorld(t *testing.T, answer http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), ca: certs.CA(t, "cluster"), frontCA: certs.CA(t, "front-proxy")}
	w.api = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s := seen{line: r.Method + " " + r.RequestURI, protocol: r.Proto, header: r.Header.Clone()}
		if len(r.TLS.PeerCertificates) > 0 {
			s.peer = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		w.mu.Lock()
		w.seen = append(w.seen, s)
		w.mu.Unlock()
		if answer != nil {
			answer(rw, r)
		}
	}))
	w.api.TLS = w.serving(w.ca.Server(t, "localhost"))
	w.api.TLS.ClientAuth = tls.VerifyClientCertIfGiven
	w.api.TLS.ClientCAs = w.frontCA.Pool()
	w.api.EnableHTTP2 = true
	w.api.StartTLS()
	t.Cleanup(w.api.Close)

	w.ca.Write(t, w.dir, "ca")
	w.ca.Server(t, "localhost").Write(t, w.dir, "server")
	w.frontCA.Client(t, "federation-auth-proxy").Write(t, w.dir, "front-proxy-client")
	w.writeUsers("right")
	p, err := New(Options{
		Target:       w.api.URL,
		CertDir:      w.dir,
		ClientCAFile: filepath.Join(w.dir, "ca.crt"),
		UsersFile:    filepath.Join(w.dir, "users.csv"),
		Log:          slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.clients.roots.Interval, p.basic.users.Interval, p.tls.configs.Interval, p.backend.transports.Interval = 0, 0, 0, 0
	w.proxy = p
	w.front = httptest.NewUnstartedServer(p)
	w.front.TLS = p.TLSConfig()
	w.front.EnableHTTP2 = true
	w.front.StartTLS()
	t.Cleanup(w.front.Close)
	return w
}

func (w *world) serving(pair *certs.Pair) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate(pair)}}
}

func certificate(pair *certs.Pair) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}
}

func (w *world) writeUsers(password string) {
	w.t.Helper()
	line := hashOf(w.t, password) + `,admin,42,"federation:admins,ops"`
	if err := os.WriteFile(filepath.Join(w.dir, "users.csv"), []byte(line), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// client speaks HTTP/2 if it may, with a client certificate if there is one.
func (w *world) client(http2 bool, pair *certs.Pair) *http.Client {
	config := &tls.Config{RootCAs: w.ca.Pool(), ServerName: "localhost"}
	if pair != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			cert := certificate(pair)
			return &cert, nil // also when the server asks for those of other CAs
		}
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: http2}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get sends a request and returns the status and body of the answer.
func (w *world) get(c *http.Client, path string, header http.Header) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.front.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header = header.Clone()
	resp, err := c.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// answer is what comes before the body, and the connection, for what comes after.
type answer struct {
	status int
	header http.Header
	stream *bufio.ReadWriter
}

// raw sends a request over HTTP/1.1 exactly as it is written.
func (w *world) raw(lines ...string) answer {
	w.t.Helper()
	conn, err := tls.Dial("tcp", w.front.Listener.Addr().String(), &tls.Config{RootCAs: w.ca.Pool(), ServerName: "localhost"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, strings.Join(append(lines, "", ""), "\r\n"))
	stream := bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
	resp, err := http.ReadResponse(stream.Reader, nil)
	if err != nil {
		w.t.Fatalf("%q: %v", lines, err)
	}
	w.t.Cleanup(func() { resp.Body.Close() })
	return answer{status: resp.StatusCode, header: resp.Header, stream: stream}
}

// last returns what the API server saw since the last call: at most one request.
func (w *world) last() *seen {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.seen
	w.seen = nil
	switch len(all) {
	case 0:
		return nil
	case 1:
		return &all[0]
	}
	w.t.Fatalf("the API server saw %d requests, want at most one", len(all))
	return nil
}

func basic(name, password string) http.Header {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return r.Header
}
