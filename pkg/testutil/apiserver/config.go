package apiserver

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// Config is that of a user with a client certificate.
func (s *Server) Config(tb testing.TB, user string, groups ...string) *rest.Config {
	tb.Helper()
	pair := s.CA.Client(tb, user, groups...)
	return &rest.Config{
		Host: s.URL,
		QPS:  -1,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   s.CA.CertPEM(),
			CertData: pair.CertPEM(),
			KeyData:  pair.KeyPEM(tb),
		},
	}
}

// Admin is the config of a user who may do everything.
func (s *Server) Admin(tb testing.TB) *rest.Config {
	tb.Helper()
	return s.Config(tb, "integration-test", "system:masters")
}

// Kubeconfig writes ca.crt, client.crt, client.key and a kubeconfig that names them,
// as the control plane's Secrets have them, and returns the kubeconfig's path.
func (s *Server) Kubeconfig(tb testing.TB, user string, groups ...string) string {
	tb.Helper()
	dir := tb.TempDir()
	s.CA.Client(tb, user, groups...).Write(tb, dir, "client")
	path := filepath.Join(dir, "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: federation, cluster: {server: %q, certificate-authority: ca.crt}}]
users: [{name: %q, user: {client-certificate: client.crt, client-key: client.key}}]
contexts: [{name: federation, context: {cluster: federation, user: %q}}]
current-context: federation
`, s.URL, user, user)
	for file, content := range map[string][]byte{"ca.crt": s.CA.CertPEM(), "kubeconfig": []byte(content)} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return path
}

// REST is a client of no group for a user who may do everything, as the bootstrap
// hook wants it.
func (s *Server) REST(tb testing.TB) rest.Interface {
	tb.Helper()
	config := s.Admin(tb)
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}
