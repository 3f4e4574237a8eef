package kubeconfig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// foreignFile is a file as people have them: comments, an order and indentation of its own, unknown fields.
const foreignFile = `# kept by hand
apiVersion: v1
kind: Config
current-context: rivendell
clusters:
- name: rivendell # the host
  cluster:
    server: https://rivendell.example.com:6443
    insecure-skip-tls-verify: true
    invented-later: 7
contexts:
- context:
    cluster: rivendell
    user: elrond
    namespace: council
  name: rivendell
users:
- name: elrond
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: lore
      interactiveMode: Never
      provideClusterInfo: false
`

// ca returns a new CA certificate in PEM.
func ca(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fellowship"}, IsCA: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func fellowship(ca []byte) Entry {
	return Entry{
		Name: "fellowship", Server: "https://172.30.0.50", CA: ca,
		TLSServerName: "fellowship-apiserver.federation-system.svc",
		ClientCert:    []byte("certificate"), ClientKey: []byte("key"),
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
