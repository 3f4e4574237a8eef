package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// flagsFor writes everything that the proxy reads, and returns the flags that say so.
func flagsFor(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	ca := certs.CA(t, "ca")
	ca.Write(t, dir, "ca")
	ca.Server(t, "localhost").Write(t, dir, "server")
	ca.Client(t, "front").Write(t, dir, "front-proxy-client")
	users := filepath.Join(dir, "users.csv")
	if err := os.WriteFile(users, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0", "--target=https://127.0.0.1:1",
		"--cert-dir=" + dir, "--client-ca-file=" + filepath.Join(dir, "ca.crt"), "--users-file=" + users,
	}
}

func TestRunExitCodes(t *testing.T) {
	good := flagsFor(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		name string
		args []string
		want int
		says []string
	}{
		{name: "a signal ends it in order", args: good, want: 0, says: []string{"msg=Serving", "Asked to end"}},
		{name: "the version is printed", args: []string{"--version"}, want: 0, says: []string{"federation-auth-proxy dev"}},
		{name: "help is no failure", args: []string{"-h"}, want: 0, says: []string{"-users-file file"}},
		{name: "an unknown flag", args: []string{"--nonsense"}, want: 2, says: []string{"nonsense"}},
		{
			name: "bad values are reported together",
			args: []string{"--listen=x", "--health-listen=y", "--target=z", "--users-file=", "--shutdown-delay=-1s", "--log-format=xml", "surplus"},
			want: 2, says: []string{"--listen", "--health-listen", "target", "users file", "--shutdown-delay", "--log-format", "surplus"},
		},
		{name: "files that are missing", args: append(good, "--users-file=/nonexistent/users.csv"), want: 1, says: []string{"/nonexistent/users.csv"}},
		{name: "a port that is taken", args: append(good, "--listen="+taken.Addr().String()), want: 1, says: []string{"in use"}},
		{name: "a health port that is taken", args: append(good, "--health-listen="+taken.Addr().String()), want: 1, says: []string{"in use"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			var out bytes.Buffer
			if got := new(options).sidecar().Run(ended, tt.args, &out, &out); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			for _, s := range tt.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("output does not say %q:\n%s", s, out.String())
				}
			}
		})
	}
}

func TestItGoesOnForTheShutdownDelay(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	health := probe.Addr().String()
	probe.Close()
	var out bytes.Buffer
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	code := make(chan int, 1)
	go func() {
		code <- new(options).sidecar().Run(ended, append(flagsFor(t), "--health-listen="+health, "--shutdown-delay=1s"), &out, &out)
	}()
	status := func(path string) string {
		resp, err := http.Get("http://" + health + path)
		if err != nil {
			return err.Error()
		}
		resp.Body.Close()
		return fmt.Sprint(resp.StatusCode)
	}
	for deadline := time.Now().Add(900 * time.Millisecond); status("/healthz") != "200"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("does not live during the delay: %s", status("/healthz"))
		}
	}
	if got := status("/readyz"); got != "503" {
		t.Errorf("/readyz after the signal: %s, want 503", got)
	}
	if got := <-code; got != 0 {
		t.Errorf("exit code %d, want 0; output:\n%s", got, out.String())
	}
}
