package authproxy

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestUsersAreReloaded(t *testing.T) {
	w := newWorld(t, nil)
	now := time.Now()
	w.proxy.basic.limiter.now = func() time.Time { return now }
	c := w.client(true, nil)
	want := func(password string, status int) {
		t.Helper()
		if got, _ := w.get(c, "/api", basic("admin", password)); got != status {
			t.Errorf("password %q: status %d, want %d", password, got, status)
		}
	}
	want("right", 200)
	w.writeUsers("changed")
	want("changed", 200)
	want("right", 401) // also not from memory
	for range guesses - 1 {
		want("wrong", 401)
	}
	want("right", 429)   // nor is it more than a guess
	want("changed", 200) // remembered
	if err := os.WriteFile(filepath.Join(w.dir, "users.csv"), []byte("no hash,admin,1"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("changed", 200)
	if log := w.log.String(); !strings.Contains(log, "not a bcrypt hash") || strings.Contains(log, "no hash,admin") {
		t.Errorf("the log must say what is wrong with the file and not what is in it:\n%s", log)
	}
}

func TestCertificatesAreReloaded(t *testing.T) {
	w := newWorld(t, nil)
	serial := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", w.front.Listener.Addr().String(), &tls.Config{RootCAs: w.ca.Pool(), ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	c := w.client(true, nil)
	peer := func() string {
		t.Helper()
		w.get(c, "/api", basic("admin", "right"))
		return w.last().peer
	}
	oldSerial, oldPeer := serial(), peer()

	w.ca.Server(t, "localhost").Write(t, w.dir, "server")
	if got := serial(); got == oldSerial {
		t.Error("a new connection still gets the former server certificate")
	}
	w.frontCA.Client(t, "renewed").Write(t, w.dir, "front-proxy-client")
	if got := peer(); got != "renewed" {
		t.Errorf("the API server sees front-proxy certificate %q, want %q instead of %q", got, "renewed", oldPeer)
	}

	w.ca.Client(t, "other").Write(t, w.dir, "front-proxy-client")
	if err := os.WriteFile(filepath.Join(w.dir, "front-proxy-client.key"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := peer(); got != "renewed" {
		t.Errorf("with a broken file the API server sees %q, want the last good one", got)
	}
}

func TestClientCAsAreReloadedForOpenConnectionsToo(t *testing.T) {
	w := newWorld(t, nil)
	c := w.client(true, w.ca.Client(t, "gandalf"))
	if status, _ := w.get(c, "/api", nil); status != http.StatusOK {
		t.Fatalf("status %d, want 200", status)
	}
	certs.CA(t, "new").Write(t, w.dir, "ca") // the file that the proxy trusts clients by
	if status, _ := w.get(c, "/api", nil); status != http.StatusUnauthorized {
		t.Errorf("status %d for a certificate of a CA that is not trusted any more, want 401", status)
	}
}

func TestNewReportsAllThatIsWrong(t *testing.T) {
	if _, err := New(Options{Target: "127.0.0.1"}); err == nil {
		t.Error("empty options gave no error")
	} else {
		for _, want := range []string{"target", "certificate directory", "client CA file", "users file"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not name the %s", err, want)
			}
		}
	}
	dir := t.TempDir()
	_, err := New(Options{Target: "https://127.0.0.1:6443", CertDir: dir, ClientCAFile: filepath.Join(dir, "ca.crt"), UsersFile: filepath.Join(dir, "users.csv")})
	if err == nil {
		t.Fatal("missing files gave no error")
	}
	for _, want := range []string{"ca.crt", "users.csv", "server.crt"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}
