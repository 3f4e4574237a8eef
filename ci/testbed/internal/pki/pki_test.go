package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func options(cluster string) Options {
	return Options{Cluster: cluster, Server: "https://192.0.2.1:6443", Node: cluster + "-1", IPs: []net.IP{net.IPv4(192, 0, 2, 1)}}
}

func ensure(t *testing.T, cluster string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	if err := Ensure(dir, options(cluster)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func certificate(t *testing.T, content []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(content)
	if block == nil {
		t.Fatalf("no certificate in %q", content)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func readFile(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCertificatesVerifyForTheirUseAlone(t *testing.T) {
	dir := ensure(t, "gondor")
	tests := []struct {
		name, file, ca, host string
		usage                x509.ExtKeyUsage
		fails                bool
	}{
		{name: "the API server answers at its address", file: "apiserver.crt", ca: "ca.crt", host: "192.0.2.1", usage: x509.ExtKeyUsageServerAuth},
		{name: "and by the name of its Service", file: "apiserver.crt", ca: "ca.crt", host: "kubernetes.default.svc", usage: x509.ExtKeyUsageServerAuth},
		{name: "but is nobody's client", file: "apiserver.crt", ca: "ca.crt", usage: x509.ExtKeyUsageClientAuth, fails: true},
		{name: "kubelets know the API server", file: "apiserver-kubelet-client.crt", ca: "ca.crt", usage: x509.ExtKeyUsageClientAuth},
		{name: "the front proxy is known to its own CA", file: "front-proxy-client.crt", ca: "front-proxy-ca.crt", usage: x509.ExtKeyUsageClientAuth},
		{name: "and to no other", file: "front-proxy-client.crt", ca: "ca.crt", usage: x509.ExtKeyUsageClientAuth, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			roots := x509.NewCertPool()
			roots.AddCert(certificate(t, readFile(t, dir, tt.ca)))
			_, err := certificate(t, readFile(t, dir, tt.file)).Verify(x509.VerifyOptions{
				Roots: roots, DNSName: tt.host, KeyUsages: []x509.ExtKeyUsage{tt.usage},
			})
			if (err != nil) != tt.fails {
				t.Errorf("verify: %v", err)
			}
		})
	}
}

func TestKubeconfigsIdentifyTheirUsers(t *testing.T) {
	dir := ensure(t, "gondor")
	for file, want := range map[string][2]string{
		"admin": {"testbed-admin", "system:masters"}, "kubelet": {"system:node:gondor-1", "system:nodes"},
	} {
		cfg, err := clientcmd.BuildConfigFromFlags("", Kubeconfig(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tls.X509KeyPair(cfg.CertData, cfg.KeyData); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		subject := certificate(t, cfg.CertData).Subject
		if subject.CommonName != want[0] || subject.Organization[0] != want[1] || cfg.Host != "https://192.0.2.1:6443" {
			t.Errorf("%s is %v at %s", file, subject, cfg.Host)
		}
	}
}

func TestEnsureKeepsWhatIsCompleteAndRedoesWhatIsNot(t *testing.T) {
	dir := ensure(t, "gondor")
	before := readFile(t, dir, "ca.crt")
	if err := Ensure(dir, options("gondor")); err != nil {
		t.Fatal(err)
	}
	if string(readFile(t, dir, "ca.crt")) != string(before) {
		t.Error("a complete directory got another CA")
	}
	if err := os.Remove(filepath.Join(dir, complete)); err != nil { // as when a run was killed
		t.Fatal(err)
	}
	if err := Ensure(dir, options("gondor")); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate(t, readFile(t, dir, "ca.crt")))
	if _, err := certificate(t, readFile(t, dir, "apiserver.crt")).Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		t.Errorf("after a killed run: %v", err)
	}
}

func TestMergeKeepsWhatOthersWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	var from []string
	for _, cluster := range []string{"gondor", "rohan"} {
		from = append(from, Kubeconfig(ensure(t, cluster), "admin"))
	}
	if err := Merge(path, from); err != nil {
		t.Fatal(err)
	}
	cfg, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.CurrentContext != "" || len(cfg.Contexts) != 2 {
		t.Errorf("contexts %v, current %q", cfg.Contexts, cfg.CurrentContext)
	}
	cfg.Contexts["fellowship"] = &clientcmdapi.Context{Cluster: "fellowship", AuthInfo: "fellowship"}
	cfg.CurrentContext = "fellowship"
	if err := clientcmd.WriteToFile(*cfg, path); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, path)
	if err := Merge(path, from); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(readFile(t, path))); diff != "" {
		t.Errorf("merged again:\n%s", diff)
	}
}
