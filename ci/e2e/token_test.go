//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// shortToken is a token of a ServiceAccount in the sandbox's namespace that has less than half of its life before it, half a minute.
// No API server gives one for less than ten minutes, so the times in one that it gave are set anew, and signed with the test bed's key.
func (m *member) shortToken(s *sandbox, account string) (token string, expires time.Time) {
	s.Helper()
	header, rest, _ := strings.Cut(s.kubectl(m.context, "--namespace="+s.namespace, "create", "token", account), ".")
	payload, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		s.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		s.Fatal(err)
	}
	now := time.Now()
	expires = now.Add(30 * time.Second)
	claims["iat"], claims["nbf"], claims["exp"] = now.Add(-25*time.Second).Unix(), now.Add(-25*time.Second).Unix(), expires.Unix()
	if raw, err = json.Marshal(claims); err != nil {
		s.Fatal(err)
	}
	signed := header + "." + base64.RawURLEncoding.EncodeToString(raw)
	return signed + "." + base64.RawURLEncoding.EncodeToString(m.sign(s, signed)), expires
}

// sign signs as the member's API server does.
func (m *member) sign(s *sandbox, text string) []byte {
	s.Helper()
	file, err := os.ReadFile(filepath.Join(filepath.Dir(bed.kubeconfig), m.context, "pki", "sa.key"))
	if err != nil {
		s.Fatal(err)
	}
	block, _ := pem.Decode(file)
	if block == nil {
		s.Fatal("the key is not PEM")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		s.Fatal(err)
	}
	digest := sha256.Sum256([]byte(text))
	r, t, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		s.Fatal(err)
	}
	return append(r.FillBytes(make([]byte, 32)), t.FillBytes(make([]byte, 32))...)
}
