// Package process runs programs for tests.
package process

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Process is a program that runs until it ends by itself or the test does.
type Process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}

	mu     sync.Mutex
	output bytes.Buffer
}

// Start runs a program. It is killed with the test, and the end of its output is
// shown when the test fails.
func Start(tb testing.TB, program string, args ...string) *Process {
	tb.Helper()
	p := &Process{name: filepath.Base(program), cmd: exec.Command(program, args...), done: make(chan struct{})} //nolint:noctx // ends with the test, in Cleanup
	p.cmd.Stdout, p.cmd.Stderr = p, p
	dieWithParent(p.cmd)
	if err := p.cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code tells
	}()
	tb.Cleanup(func() {
		p.Signal(os.Kill)
		<-p.done
		if tb.Failed() {
			tb.Logf("%s said at last:\n%s", p.name, tail(p.Output(), 15))
		}
	})
	return p
}

// Write implements io.Writer for the program's output.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

// Output is what the program has printed so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Signal sends a signal, to a program that has ended too.
func (p *Process) Signal(s os.Signal) {
	_ = p.cmd.Process.Signal(s) // one that cannot be sent a signal has ended
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode waits for the program to end. It is -1 for one that a signal ended.
func (p *Process) ExitCode(tb testing.TB, limit time.Duration) int {
	tb.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		tb.Fatalf("%s has not ended in %s", p.name, limit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// FreeAddress is a loopback address that nothing listens on now.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	return FreeAddressOf(tb, "127.0.0.1")
}

// FreeAddressOf is that of an IP address of this machine, with a port that nothing listens on now.
func FreeAddressOf(tb testing.TB, ip string) string {
	tb.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(ip, "0")) //nolint:noctx // does not block
	if err != nil {
		tb.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// Build builds one of this module's commands, such as federation-health-proxy.
func Build(tb testing.TB, command string) string {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), command)
	out, err := exec.Command("go", "build", "-o", program, "github.com/fedhelm/fedhelm/cmd/"+command).CombinedOutput() //nolint:noctx // ends by itself
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		tb.Fatalf("build %s: %v\n%s", command, err, out)
	} else if err != nil {
		tb.Fatal(err)
	}
	return program
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
