// Package zoneserver runs a real etcd and CoreDNS that serve DNS zones, for integration tests: the pair that fedhelm brings along.
package zoneserver

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

// Server is an etcd that takes only clients with a certificate, and a CoreDNS before it. Both end with the test.
type Server struct {
	Etcd string // URL
	DNS  string // host:port, UDP and TCP
	CA   *certs.Pair
	// Dir has ca.{crt,key}, server.{crt,key} and client.{crt,key}.
	Dir string

	tb   testing.TB
	etcd *process.Process
	data string
	peer string
}

// Start returns when CoreDNS answers for the zones. Its programs are where apiserver.ProgramsVariable says.
func Start(tb testing.TB, zones ...string) *Server {
	tb.Helper()
	s := &Server{
		tb:   tb,
		Etcd: "https://" + process.FreeAddress(tb), peer: "http://" + process.FreeAddress(tb), DNS: process.FreeAddress(tb),
		CA: certs.CA(tb, "etcd-ca"), Dir: tb.TempDir(), data: tb.TempDir(),
	}
	s.CA.Write(tb, s.Dir, "ca")
	s.CA.Server(tb, "127.0.0.1").Write(tb, s.Dir, "server")
	s.CA.Client(tb, "root").Write(tb, s.Dir, "client")
	s.StartEtcd()
	s.startCoreDNS(zones)
	return s
}

// File is the path of one in Dir.
func (s *Server) File(name string) string { return filepath.Join(s.Dir, name) }

// StartEtcd starts etcd, also again with the data that it had.
func (s *Server) StartEtcd() {
	s.tb.Helper()
	s.etcd = process.Start(s.tb, apiserver.Program(s.tb, "etcd"),
		"--data-dir="+s.data, "--log-level=error", "--unsafe-no-fsync", "--heartbeat-interval=10", "--election-timeout=100",
		"--listen-client-urls="+s.Etcd, "--advertise-client-urls="+s.Etcd,
		"--listen-peer-urls="+s.peer, "--initial-advertise-peer-urls="+s.peer, "--initial-cluster=default="+s.peer,
		"--cert-file="+s.File("server.crt"), "--key-file="+s.File("server.key"), "--client-cert-auth", "--trusted-ca-file="+s.File("ca.crt"))
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: s.tls(), DisableKeepAlives: true}}
	eventually.Do(s.tb, 30*time.Second, "etcd to be ready", func() error {
		req, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, s.Etcd+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("/readyz: %s", resp.Status)
		}
		return nil
	})
}

// StopEtcd kills it.
func (s *Server) StopEtcd() {
	s.etcd.Signal(os.Kill)
	<-s.etcd.Done()
}

// Client may do everything in etcd.
func (s *Server) Client(tb testing.TB) *clientv3.Client {
	tb.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Etcd}, TLS: s.tls(), Logger: zap.NewNop()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

func (s *Server) tls() *tls.Config {
	pair, err := tls.LoadX509KeyPair(s.File("client.crt"), s.File("client.key"))
	if err != nil {
		s.tb.Fatal(err)
	}
	return &tls.Config{RootCAs: s.CA.Pool(), Certificates: []tls.Certificate{pair}}
}

func (s *Server) startCoreDNS(zones []string) {
	s.tb.Helper()
	_, port, _ := strings.Cut(s.DNS, ":")
	corefile := fmt.Sprintf(`.:%s {
	bind 127.0.0.1
	errors
	etcd %s {
		path /skydns
		endpoint %s
		tls %s %s %s
	}
}
`, port, strings.Join(zones, " "), s.Etcd, s.File("client.crt"), s.File("client.key"), s.File("ca.crt"))
	path := s.File("Corefile")
	if err := os.WriteFile(path, []byte(corefile), 0o600); err != nil {
		s.tb.Fatal(err)
	}
	coreDNS := process.Start(s.tb, apiserver.Program(s.tb, "coredns"), "-conf", path)
	eventually.Do(s.tb, 30*time.Second, "CoreDNS to answer", func() error {
		select {
		case <-coreDNS.Done():
			s.tb.Fatal("CoreDNS has ended")
		default:
		}
		_, err := s.ask(zones[0], mdns.TypeSOA)
		return err
	})
}

// Ask queries CoreDNS. The answer is its records as a zone file would have them, with one space between fields, in the order in which they
// came; or the name of the error code.
func (s *Server) Ask(tb testing.TB, name string, qtype uint16) []string {
	tb.Helper()
	m, err := s.ask(name, qtype)
	if err != nil {
		tb.Fatalf("ask %s for %s: %v", s.DNS, name, err)
	}
	if m.Rcode != mdns.RcodeSuccess {
		return []string{mdns.RcodeToString[m.Rcode]}
	}
	answer := make([]string, 0, len(m.Answer))
	for _, rr := range m.Answer {
		answer = append(answer, strings.Join(strings.Fields(rr.String()), " "))
	}
	return answer
}

func (s *Server) ask(name string, qtype uint16) (*mdns.Msg, error) {
	client := &mdns.Client{Net: "tcp", Timeout: 5 * time.Second}
	m, _, err := client.Exchange(new(mdns.Msg).SetQuestion(name, qtype), s.DNS)
	return m, err
}
