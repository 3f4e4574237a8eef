package memberdns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// apiServer forwards the port 53 of every pod to a DNS server, and says of other ports that nobody listens there. It
// knows no WebSockets.
func apiServer(t *testing.T, dnsServer string) *rest.Config {
	t.Helper()
	forward := func(s httpstream.Stream, errs httpstream.Stream) {
		defer s.Close()
		defer errs.Close()
		if s.Headers().Get(corev1.PortHeader) != "53" {
			fmt.Fprint(errs, "nobody listens there")
			return
		}
		conn, err := net.Dial("tcp", dnsServer)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		go func() { _, _ = io.Copy(conn, s) }()
		_, _ = io.Copy(s, conn)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/namespaces/kube-system/pods/coredns-1/portforward" {
			http.Error(w, r.Method+" is not allowed", http.StatusBadRequest)
			return
		}
		if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
			t.Error(err)
			return
		}
		var errs httpstream.Stream
		conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				errs = s
				return nil
			}
			go forward(s, errs)
			return nil
		})
		if conn != nil {
			<-conn.CloseChan()
		}
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

// answering serves DNS by TCP on loopback, and returns its address.
func answering(t *testing.T, handler dns.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: listener, Handler: handler}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return listener.Addr().String()
}

func TestPortForward(t *testing.T) {
	coredns := types.NamespacedName{Namespace: "kube-system", Name: "coredns-1"}
	open := func(t *testing.T, handler dns.HandlerFunc) Ask {
		t.Helper()
		config := apiServer(t, answering(t, handler))
		return PortForward(kubernetes.NewForConfigOrDie(config), config)
	}
	echo := func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg).SetReply(q)
		answer.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{q.Question[0].Name}}}
		_ = w.WriteMsg(answer)
	}
	t.Run("every query has its answer", func(t *testing.T) {
		answers, err := open(t, echo)(t.Context(), coredns, 53, query("a", dns.TypeTXT), query("b", dns.TypeTXT))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"a.", "b."} {
			if got := answers[i].Answer[0].(*dns.TXT).Txt[0]; got != want {
				t.Errorf("answer %d is %q", i, got)
			}
		}
	})
	t.Run("what the kubelet says is the error", func(t *testing.T) {
		_, err := open(t, echo)(t.Context(), coredns, 54, query("a", dns.TypeA))
		wantError(t, err, nil, `ask pod "kube-system/coredns-1" on port 54: nobody listens there`)
	})
	t.Run("what the API server says is the error", func(t *testing.T) {
		_, err := open(t, echo)(t.Context(), types.NamespacedName{Namespace: "a", Name: "b"}, 53, query("a", dns.TypeA))
		wantError(t, err, nil, `ask pod "a/b" on port 53`, "POST is not allowed")
	})
	t.Run("the end of the context ends the wait", func(t *testing.T) {
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, enough)
		defer cancel()
		begun := time.Now()
		_, err := open(t, func(dns.ResponseWriter, *dns.Msg) {})(ctx, coredns, 53, query("a", dns.TypeA))
		wantError(t, err, enough)
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("so does it while nobody opens the connection", func(t *testing.T) {
		blocked := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-blocked }))
		defer server.Close()
		defer close(blocked)
		config := &rest.Config{Host: server.URL}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := PortForward(kubernetes.NewForConfigOrDie(config), config)(ctx, coredns, 53, query("a", dns.TypeA))
		wantError(t, err, context.DeadlineExceeded)
	})
	t.Run("an answer to something else is none", func(t *testing.T) {
		_, err := open(t, func(w dns.ResponseWriter, q *dns.Msg) {
			q.Id++
			echo(w, q)
		})(t.Context(), coredns, 53, query("a", dns.TypeA))
		if err == nil || !strings.Contains(err.Error(), "no answer to what was asked") {
			t.Errorf("got %v", err)
		}
	})
}
