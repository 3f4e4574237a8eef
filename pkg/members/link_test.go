package members

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// memberAt is one that is reached at the server, by a token.
func memberAt(t *testing.T, server *httptest.Server) *Member {
	t.Helper()
	l, err := newLink(server.URL, Credential{
		Token: "token", CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	m, err := newMember(t.Context(), "gondor", l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMemberIsAskedAndNobodyElse(t *testing.T) {
	asked := 0
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ })) // has the same certificate
	t.Cleanup(other.Close)
	plain := httptest.NewServer(other.Config.Handler)
	t.Cleanup(plain.Close)
	var by, to string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if by = req.Header.Get("Authorization"); req.URL.Path == "/readyz" {
			http.Redirect(w, req, to, http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(server.Close)
	m := memberAt(t, server)
	for _, to = range []string{other.URL, plain.URL, strings.Replace(server.URL, "https", "http", 1)} {
		resp, err := m.HTTP.Get(m.Config.Host + "/readyz")
		if err == nil {
			err = errors.Join(errors.New("it was followed"), resp.Body.Close())
		}
		if !errors.Is(err, errElsewhere) {
			t.Errorf("sent to %s: %v", to, err)
		}
		if err := m.Client.Post().AbsPath("/readyz").Body([]byte("secret")).Do(t.Context()).Error(); !errors.Is(err, errElsewhere) {
			t.Errorf("sent to %s with what was to be told: %v", to, err)
		}
	}
	if by != "Bearer token" || asked > 0 {
		t.Errorf("the server was asked by %q, others %d times", by, asked)
	}
	to = "/elsewhere"
	resp, err := m.HTTP.Get(m.Config.Host + "/readyz")
	if err != nil {
		t.Fatalf("sent to another path of the same server: %v", err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.Config.String(), "token") || m.Config.BearerToken != "" {
		t.Error("the config holds the token")
	}
}

func TestAnswersHaveAnEnd(t *testing.T) {
	block := make([]byte, 1<<20)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 2 * longestAnswer / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	m := memberAt(t, server)
	if raw, err := m.Client.Get().AbsPath("/version").Do(t.Context()).Raw(); !errors.Is(err, errTooLong) {
		t.Errorf("an answer without an end: %d bytes, error %v", len(raw), err)
	}
	stream, err := m.Client.Get().AbsPath("/api/v1/nodes").Param("watch", "true").Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if n, err := io.Copy(io.Discard, stream); err != nil || n != 2*longestAnswer {
		t.Errorf("a watch ended after %d bytes: %v", n, err)
	}
}
