// Package apiserver runs a real etcd and kube-apiserver for integration tests.
package apiserver

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

const (
	// ProgramsVariable names the directory of the programs etcd, kube-apiserver and kubectl.
	ProgramsVariable = "FEDHELM_TEST_BIN"
	// MemberProgramsVariable names the directory of a kube-apiserver of another version, for members; see StartMember.
	MemberProgramsVariable = "FEDHELM_TEST_MEMBER_BIN"
)

// Server is a kube-apiserver with an etcd of its own. Both end with the test.
type Server struct {
	// URL is that of the API; its certificate names localhost and 127.0.0.1.
	URL string
	// Dir has ca.{crt,key}, front-proxy-ca.{crt,key}, server.{crt,key} and sa.{pub,key}.
	Dir string
	// CA signed the server's certificate, and those of clients.
	CA *certs.Pair
	// FrontProxyCA signs certificates that may assert identities by X-Remote-* headers,
	// if they are named federation-auth-proxy.
	FrontProxyCA *certs.Pair

	tb      testing.TB // whose end is that of the server, also when a subtest restarts it
	program string
	args    []string
	running *process.Process
}

// Start returns when the API is ready. Further flags of kube-apiserver win over
// those that it is given anyway.
func Start(tb testing.TB, flags ...string) *Server {
	tb.Helper()
	return start(tb, ProgramsVariable, flags)
}

// StartMember is Start for a cluster that is a member of a federation. Its version is an older
// one than the federation API's if MemberProgramsVariable is set.
func StartMember(tb testing.TB, flags ...string) *Server {
	tb.Helper()
	if MembersDiffer() {
		return start(tb, MemberProgramsVariable, flags)
	}
	return Start(tb, flags...)
}

// MembersDiffer tells whether members are of another version than the federation API.
func MembersDiffer() bool {
	return os.Getenv(MemberProgramsVariable) != "" //nolint:forbidigo // how make test-integration says which they are
}

func start(tb testing.TB, programs string, flags []string) *Server {
	tb.Helper()
	s := &Server{
		tb:           tb,
		Dir:          tb.TempDir(),
		CA:           certs.CA(tb, "cluster-ca"),
		FrontProxyCA: certs.CA(tb, "front-proxy-ca"),
		program:      programIn(tb, programs, "kube-apiserver"),
	}
	s.writeCertificates(tb)
	address := process.FreeAddress(tb)
	s.URL = "https://" + address
	s.args = append(s.flags(tb, address, startEtcd(tb)), flags...)
	s.Restart()
	return s
}

// Restart ends the API server, if it runs, and starts it again at the same address.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Stop()
	s.running = process.Start(s.tb, s.program, s.args...)
	client, err := rest.HTTPClientFor(s.Admin(s.tb))
	if err != nil {
		s.tb.Fatal(err)
	}
	eventually.Do(s.tb, time.Minute, "kube-apiserver to be ready", func() error {
		select {
		case <-s.running.Done():
			s.tb.Fatal("kube-apiserver has ended")
		default:
		}
		return get(s.tb.Context(), client, s.URL+"/readyz")
	})
}

// Stop kills the API server; etcd keeps its data.
func (s *Server) Stop() {
	if s.running != nil {
		s.running.Signal(os.Kill)
		<-s.running.Done()
	}
}

func (s *Server) writeCertificates(tb testing.TB) {
	tb.Helper()
	s.CA.Write(tb, s.Dir, "ca")
	s.FrontProxyCA.Write(tb, s.Dir, "front-proxy-ca")
	s.CA.Server(tb, "localhost", "127.0.0.1").Write(tb, s.Dir, "server")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		tb.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"sa.key": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
		"sa.pub": {Type: "PUBLIC KEY", Bytes: public},
	} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// flags are as the control plane's chart has them, as far as identities go.
func (s *Server) flags(tb testing.TB, address, etcd string) []string {
	tb.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		tb.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(s.Dir, name) }
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=" + host, "--secure-port=" + port, "--advertise-address=192.0.2.1",
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--disable-admission-plugins=ServiceAccount",
		"--client-ca-file=" + file("ca.crt"),
		"--tls-cert-file=" + file("server.crt"), "--tls-private-key-file=" + file("server.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + file("sa.pub"), "--service-account-signing-key-file=" + file("sa.key"),
		"--requestheader-client-ca-file=" + file("front-proxy-ca.crt"),
		"--requestheader-allowed-names=federation-auth-proxy",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-uid-headers=X-Remote-Uid",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
	}
}

// startEtcd returns the URL. Nothing is written through to the disk: the data live
// as long as the test.
func startEtcd(tb testing.TB) string {
	tb.Helper()
	clients, peers := "http://"+process.FreeAddress(tb), "http://"+process.FreeAddress(tb)
	etcd := process.Start(tb, Program(tb, "etcd"),
		"--data-dir="+tb.TempDir(), "--log-level=error", "--unsafe-no-fsync",
		"--heartbeat-interval=10", "--election-timeout=100",
		"--listen-client-urls="+clients, "--advertise-client-urls="+clients,
		"--listen-peer-urls="+peers, "--initial-advertise-peer-urls="+peers, "--initial-cluster=default="+peers)
	eventually.Do(tb, 30*time.Second, "etcd to be ready", func() error {
		select {
		case <-etcd.Done():
			tb.Fatal("etcd has ended")
		default:
		}
		return get(tb.Context(), http.DefaultClient, clients+"/readyz")
	})
	return clients
}

// Program returns the path of a program that make test-integration builds. It fails,
// rather than skips, when that is missing: a tier that cannot run has not passed.
func Program(tb testing.TB, program string) string {
	tb.Helper()
	return programIn(tb, ProgramsVariable, program)
}

func programIn(tb testing.TB, variable, program string) string {
	tb.Helper()
	dir := os.Getenv(variable) //nolint:forbidigo // how make test-integration says where they are
	if dir == "" {
		tb.Fatalf("%s does not name a directory with %s; run: make test-integration", variable, program)
	}
	path := filepath.Join(dir, program)
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("%s in %s: %v; run: make test-integration", program, variable, err)
	}
	return path
}

func get(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, strings.ToLower(resp.Status))
	}
	return errors.Join(err, resp.Body.Close())
}
