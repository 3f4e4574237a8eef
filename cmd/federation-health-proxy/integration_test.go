//go:build integration

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

// get returns the status and body of an answer without credentials.
func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestIntegrationProbesWithoutAnonymousAccess(t *testing.T) {
	server := apiserver.Start(t, "--anonymous-auth=false")
	dir, listen := t.TempDir(), process.FreeAddress(t)
	server.CA.Write(t, dir, "ca")
	server.CA.Client(t, "federation-health", "system:monitoring").Write(t, dir, "client")
	proxy := process.Start(t, process.Build(t, program), "--listen="+listen, "--target="+server.URL,
		"--ca-file="+filepath.Join(dir, "ca.crt"), "--cert-file="+filepath.Join(dir, "client.crt"), "--key-file="+filepath.Join(dir, "client.key"))

	probe := func(path string, want int, says string) {
		t.Helper()
		eventually.Do(t, 20*time.Second, path, func() error {
			status, body, err := get(t, "http://"+listen+path)
			if err == nil && (status != want || !strings.Contains(body, says)) {
				err = fmt.Errorf("%d %q, want %d with %q", status, body, want, says)
			}
			return err
		})
	}
	probe("/livez", 200, "ok")
	probe("/readyz", 200, "ok")
	probe("/readyz?verbose&exclude=etcd", 200, "[+]etcd excluded: ok")
	probe("/api", 404, "not found")

	server.Stop()
	probe("/readyz", 503, "does not answer")
	server.Restart()
	probe("/readyz", 200, "ok")

	// A certificate that means nothing to the API server shows that the proxy asks with its own.
	certs.CA(t, "elsewhere").Client(t, "stranger").Write(t, dir, "client")
	probe("/readyz", 401, "Unauthorized")
	server.CA.Client(t, "federation-health", "system:monitoring").Write(t, dir, "client")
	probe("/readyz", 200, "ok")

	proxy.Signal(syscall.SIGTERM)
	time.Sleep(time.Second)
	probe("/readyz", 200, "ok") // until the API server, which is told to end at the same time, has ended
	server.Stop()
	if code := proxy.ExitCode(t, 10*time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	if _, _, err := get(t, "http://"+listen+"/livez"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v, want nobody listening", err)
	}
}
