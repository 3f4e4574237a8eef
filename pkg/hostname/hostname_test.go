package hostname_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/hostname"
)

// resolver asks a server at an address of its own, which answers by f.
func resolver(t *testing.T, f func(w dns.ResponseWriter, q *dns.Msg)) *hostname.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", conn.LocalAddr().String())
	if err != nil {
		t.Skipf("the port is taken for TCP: %v", err)
	}
	for _, s := range []*dns.Server{{PacketConn: conn, Handler: dns.HandlerFunc(f)}, {Listener: listener, Handler: dns.HandlerFunc(f)}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return hostname.NewResolver("127.0.0.1:" + port)
}

func record(t *testing.T, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

func TestResolve(t *testing.T) {
	answer := map[uint16][]dns.RR{
		dns.TypeA:    {record(t, "lb.example. 300 IN CNAME x.example."), record(t, "x.example. 60 IN A 192.0.2.1"), record(t, "x.example. 60 IN A 192.0.2.2")},
		dns.TypeAAAA: {record(t, "lb.example. 45 IN CNAME x.example."), record(t, "x.example. 90 IN AAAA 2001:db8::1")},
	}
	r := resolver(t, func(w dns.ResponseWriter, q *dns.Msg) {
		reply := new(dns.Msg).SetReply(q)
		reply.Answer = answer[q.Question[0].Qtype]
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp && q.Question[0].Qtype == dns.TypeA {
			reply.Answer, reply.Truncated = nil, true // which calls for TCP
		}
		_ = w.WriteMsg(reply)
	})
	got, ttl, err := r.Resolve(t.Context(), "lb.example")
	want := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")}
	if err != nil || !slices.Equal(got, want) || ttl != 45*time.Second {
		t.Errorf("Resolve = %v, %s, %v", got, ttl, err)
	}
}

func TestResolveWhatIsNot(t *testing.T) {
	for code, certain := range map[int]bool{dns.RcodeNameError: true, dns.RcodeSuccess: true, dns.RcodeServerFailure: false, dns.RcodeRefused: false} {
		r := resolver(t, func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetRcode(q, code)) })
		if got, _, err := r.Resolve(t.Context(), "lb.example"); err == nil || hostname.IsNone(err) != certain || !strings.Contains(err.Error(), "lb.example") {
			t.Errorf("%s: Resolve = %v, %v", dns.RcodeToString[code], got, err)
		}
	}
}

func TestFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if _, _, err := hostname.FromFile(file).Resolve(t.Context(), "lb.example"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(file, []byte("search example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := hostname.FromFile(file).Resolve(t.Context(), "lb.example"); err == nil || !strings.Contains(err.Error(), "no DNS server is configured") {
		t.Errorf("without a server: %v", err)
	}
}
