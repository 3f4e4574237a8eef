//go:build e2e

package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// machine is the address of this machine in the test bed's network.
const machine = "172.30.0.254"

// fault is what is wrong with a member's API server.
type fault int32

const (
	healthy fault = iota
	tooMany       // one request of three is answered 429
	broken        // one request of three is answered 500
	slow          // every answer takes 5 s
	full          // etcd has no room for writes
)

// proxy stands before a member's API server and does what it is told to requests, with a certificate of its own.
type proxy struct {
	url, ca            string // where it is, and the file with its authority
	fault              atomic.Int32
	requests, suffered atomic.Int64
}

// newProxy serves until the test ends.
func newProxy(s *sandbox, m *member) *proxy {
	s.Helper()
	target, err := url.Parse(m.address())
	if err != nil {
		s.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(machine, "0"))
	if err != nil {
		s.Fatal(err)
	}
	authority := certs.CA(s, "proxy")
	pair := authority.Server(s, machine)
	p := &proxy{url: "https://" + l.Addr().String(), ca: s.write("proxy-ca.crt", string(authority.CertPEM()))}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.FlushInterval = -1 // watches are never at their end
	forward.ErrorLog = log.New(io.Discard, "", 0)
	forward.Transport = &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // it is the test bed's own
		ForceAttemptHTTP2: true,
	}
	server := &http.Server{
		ErrorLog:  forward.ErrorLog,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			p.requests.Add(1)
			if p.hurts(w, req) {
				p.suffered.Add(1)
				return
			}
			forward.ServeHTTP(w, req)
		}),
	}
	go func() { _ = server.ServeTLS(l, "", "") }()
	s.Cleanup(func() { server.Close() })
	return p
}

// suffer sets what is wrong from now on.
func (p *proxy) suffer(f fault) {
	p.fault.Store(int32(f))
	p.requests.Store(0)
	p.suffered.Store(0)
}

// hurts answers a request badly, and reports whether it did. A slow one is answered well, later.
func (p *proxy) hurts(w http.ResponseWriter, req *http.Request) bool {
	unlucky := rand.N(3) == 0
	switch fault(p.fault.Load()) {
	case healthy:
	case tooMany:
		if unlucky {
			w.Header().Set("Retry-After", "1")
			status(w, http.StatusTooManyRequests, "TooManyRequests", "the server has received too many requests and has asked us to try again later")
			return true
		}
	case broken:
		if unlucky {
			status(w, http.StatusInternalServerError, "InternalError", "Internal error occurred")
			return true
		}
	case slow:
		p.suffered.Add(1)
		select {
		case <-time.After(5 * time.Second):
		case <-req.Context().Done():
		}
	case full:
		if req.Method != http.MethodGet && !strings.Contains(req.URL.Path, "/authentication.k8s.io/") && !strings.Contains(req.URL.Path, "/authorization.k8s.io/") {
			status(w, http.StatusInternalServerError, "", "etcdserver: mvcc: database space exceeded")
			return true
		}
	}
	return false
}

func status(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
}
