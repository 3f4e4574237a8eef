package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// realHost is a program whose kubeconfig leads to a host cluster at this address.
func realHost(t *testing.T, address string) *console {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: moria\nclusters: [{name: c, cluster: {server: \"http://" + address + "\"}}]\n" +
		"users: [{name: u, user: {token: t}}]\ncontexts: [{name: moria, context: {cluster: c, user: u}}, {name: gondor, context: {cluster: c, user: u}}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newConsole(nil, nil)
	c.getenv = func(string) string { return "" }
	c.connect = func(hostOptions) (*host, error) { return connect(hostOptions{kubeconfig: file}) }
	c.connectMember = func(o contextOptions) (*memberCluster, error) {
		o.kubeconfig = file
		return connectMember(o)
	}
	c.open = open
	c.openAPI = openAPI
	c.readLimit = time.Second
	return c
}

// reading and writing are commands that ask a host cluster first; the latter have a --timeout.
var (
	reading = []string{"list", "status fellowship", "kubeconfig fellowship", "clusters", "dns list", "describe deployment/web"}
	writing = []string{"init fellowship", "upgrade fellowship", "delete fellowship --yes", "join gondor", "unjoin gondor", "dns drain gondor"}
)

func TestAHostThatNeverAnswersIsWaitedForNoLongerThanTheLimit(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	run := func(t *testing.T, ctx context.Context, line string) error {
		t.Helper()
		c := realHost(t, silent.Addr().String())
		ended := make(chan error, 1)
		go func() { ended <- c.run(ctx, append([]string{"fedhelm"}, strings.Fields(line)...)) }()
		select {
		case err := <-ended:
			return err
		case <-time.After(15 * time.Second):
			t.Fatal("still waiting after 15 s")
			return nil
		}
	}
	for i, line := range append(reading, writing...) {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			if i >= len(reading) {
				line += " --timeout=1s"
			}
			err := run(t, t.Context(), line)
			if exitCode(err) != exitTimedOut || !strings.Contains(err.Error(), "does not answer") || !strings.Contains(err.Error(), "--host-cluster-context") {
				t.Errorf("ends with exit code %d: %v; want %d, and to be told that the host cluster does not answer", exitCode(err), err, exitTimedOut)
			}
		})
		t.Run("interrupted: "+line, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*time.Millisecond, cancel)
			line := line
			if i >= len(reading) {
				line += " --timeout=1h"
			}
			if err := run(t, ctx, line); !errors.Is(err, context.Canceled) {
				t.Errorf("ends with %v, want it to be interrupted", err)
			}
		})
	}
}

func TestAHostThatIsAwayIsNamedWithTheWayOut(t *testing.T) {
	for _, line := range append(reading, writing...) {
		t.Run(line, func(t *testing.T) {
			c := realHost(t, "127.0.0.1:1")
			err := c.fedhelm(strings.Fields(line)...)
			if err == nil || !strings.Contains(err.Error(), "nothing listens at http://127.0.0.1:1; is the cluster running? check the address in context \"moria\"") {
				t.Errorf("ends with %v", err)
			}
		})
	}
}
