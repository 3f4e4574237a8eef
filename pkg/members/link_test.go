package members

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTokenGoesToItsServerAlone(t *testing.T) {
	var elsewhere string
	other := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { elsewhere = req.Header.Get("Authorization") }))
	t.Cleanup(other.Close)
	var here string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		here = req.Header.Get("Authorization")
		http.Redirect(w, req, other.URL, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	l, err := newLink(server.URL, Credential{
		Token: "token", CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	m, err := newMember(t.Context(), "gondor", l)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := m.HTTP.Get(server.URL) // both servers have the same certificate
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if here != "Bearer token" || resp.Request.URL.String() != other.URL || elsewhere != "" {
		t.Errorf("the server was asked by %q, and %s, to which it sent us, by %q", here, resp.Request.URL, elsewhere)
	}
	if strings.Contains(m.Config.String(), "token") || m.Config.BearerToken != "" {
		t.Error("the config holds the token")
	}
}
