package fakeserver

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ExchangeBody is what /exchange wants to be sent.
const ExchangeBody = `{"as":"dns-admin"}`

// accountKey is every service account's: it takes a while to make one.
var accountKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // there is no randomness
	}
	return key
})

// Credentials are a service account's key, whose tokens the Server gives and accepts. Without a project they do not say whose zones are meant.
func (s *Server) Credentials(project string) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(accountKey())
	if err != nil {
		panic(err) // it is a key that was just made
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": project, "client_email": "fedhelm@fake-project.iam.gserviceaccount.com", "client_id": "1",
		"private_key_id": "1", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": s.URL + "/token",
	})
	if err != nil {
		panic(err) // they are strings
	}
	return text
}

// RefuseKeys has no key get a token any more, or lets it again. Tokens that were given out become worthless.
func (s *Server) RefuseKeys(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = refuse
	clear(s.tokens)
}

func (s *Server) authorized(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && s.tokens[token]
}

// Token is one that is good, for tests whose own servers give them out.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newToken()
}

func (s *Server) newToken() string {
	s.serial++
	token := fmt.Sprintf("ya29.fake-%d", s.serial)
	s.tokens[token] = true
	return token
}

// token is the token endpoint (RFC 7523): a signed assertion for a token.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	grant, assertion := r.PostFormValue("grant_type"), r.PostFormValue("assertion")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenCalls.Count("token")
	if grant != "urn:ietf:params:oauth:grant-type:jwt-bearer" || s.broken || !s.isAssertion(assertion) {
		write(w, http.StatusBadRequest, object{"error": "invalid_grant", "error_description": "Invalid JWT: " + assertion})
		return
	}
	write(w, http.StatusOK, object{"access_token": s.newToken(), "token_type": "Bearer", "expires_in": 3600})
}

func (s *Server) isAssertion(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	claims, err1 := base64.RawURLEncoding.DecodeString(parts[1])
	signature, err2 := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	var claimed struct {
		Aud, Scope string
		Exp        int64
	}
	return err1 == nil && err2 == nil && rsa.VerifyPKCS1v15(&accountKey().PublicKey, crypto.SHA256, sum[:], signature) == nil &&
		json.Unmarshal(claims, &claimed) == nil && claimed.Aud == s.URL+"/token" && claimed.Scope != "" && time.Unix(claimed.Exp, 0).After(time.Now())
}

// exchange gives other tokens for tokens, as version 1's token-url did.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the client has gone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenCalls.Count("exchange")
	if !s.authorized(r) || string(body) != ExchangeBody {
		write(w, http.StatusForbidden, object{"error": "no tokens for " + string(body)})
		return
	}
	write(w, http.StatusOK, object{"accessToken": s.newToken(), "expireTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
}
