//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestInitKilled kills init with SIGKILL at each step: each run goes on from where the one before was killed. The last one succeeds.
func TestInitKilled(t *testing.T) {
	s := newSandbox(t)
	init := s.here([]string{"init", "fellowship", "--verbose", "--api-server-service-type=NodePort"})
	for _, at := range []string{
		"Creating namespace", "Checking the host cluster", "creating 1 resource(s)", "Hook fellowship-pki (", "Hook fellowship-pki (",
		"Hook fellowship-publish (", "Installing release", "Waiting for the control plane (",
	} {
		if killed, output := s.killAt(at, init...); !killed {
			t.Fatalf("a run after a kill did not come to %q:\n%s", at, output)
		}
	}
	for _, at := range []string{"Reaching the federation API from here (", "Updating the kubeconfig"} { // it may have ended before it is killed
		killed, output := s.killAt(at, init...)
		t.Logf("killed at %q: %v", at, killed)
		if !killed && !strings.Contains(output, "Federation API server is running") {
			t.Fatalf("a run after a kill failed:\n%s", output)
		}
	}
	s.must("fedhelm", init...)
	s.worksAs("fellowship")

	remove := s.here([]string{"delete", "fellowship", "--yes", "--purge-data", "--verbose"})
	for i, at := range []string{"Hook fellowship-teardown (", "Hook fellowship-cleanup (", "Removing the control plane (", "Deleting the data ("} {
		killed, output := s.killAt(at, remove...)
		t.Logf("killed at %q: %v", at, killed)
		if i == 0 && !killed {
			t.Fatalf("a delete did not come to %q:\n%s", at, output)
		}
		if !killed && !strings.Contains(output, "is deleted") {
			t.Fatalf("a delete after a kill failed:\n%s", output)
		}
		if !killed {
			return
		}
	}
	s.must("fedhelm", remove...)
}

// TestInitKilledOnce kills a first init in the middle, by the clock, so that also what no line announces is hit.
func TestInitKilledOnce(t *testing.T) {
	for _, after := range []time.Duration{2 * time.Second, 6 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			s := newSandbox(t)
			r := s.try(after, "fedhelm", s.here([]string{"init", "fellowship", "--api-server-service-type=NodePort"})...)
			if r.code != -1 {
				t.Fatalf("want it killed after %s\n%s", after, r)
			}
			s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort")
			s.worksAs("fellowship")
			s.purge("fellowship")
		})
	}
}

// killAt kills fedhelm once it prints a line that contains the text. It reports whether it came to that, and all that was printed.
func (s *sandbox) killAt(text string, args ...string) (killed bool, output string) {
	s.Helper()
	cmd := s.command(s.Context(), "fedhelm", args...)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	var said strings.Builder
	var g errgroup.Group
	g.Go(func() error {
		for lines := bufio.NewScanner(r); lines.Scan(); {
			fmt.Fprintln(&said, lines.Text())
			if !killed && strings.Contains(lines.Text(), text) {
				killed = true
				if err := cmd.Process.Kill(); err != nil {
					killed = false // it had ended
				}
			}
		}
		return nil
	})
	_ = cmd.Wait() // how it ended is told by what it printed
	w.Close()
	_ = g.Wait()
	return killed, said.String()
}
