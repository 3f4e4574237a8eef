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
func Start(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	p := &Process{name: filepath.Base(program), cmd: exec.Command(program, args...), done: make(chan struct{})} //nolint:noctx // ends with the test, in Cleanup
	p.cmd.Stdout, p.cmd.Stderr = p, p
	dieWithParent(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		defer close(p.done)
		p.cmd.Wait() //nolint:errcheck // the exit code tells
	}()
	t.Cleanup(func() {
		p.Signal(os.Kill)
		<-p.done
		if t.Failed() {
			t.Logf("%s said at last:\n%s", p.name, tail(p.Output(), 15))
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
	p.cmd.Process.Signal(s) //nolint:errcheck // it has ended, or will be seen not to
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode waits for the program to end. It is -1 for one that a signal ended.
func (p *Process) ExitCode(t testing.TB, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		t.Fatalf("%s has not ended in %s", p.name, limit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// FreeAddress is a loopback address that nothing listens on now.
func FreeAddress(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // does not block
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// Build builds one of this module's commands, such as federation-health-proxy.
func Build(t testing.TB, command string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), command)
	out, err := exec.Command("go", "build", "-o", program, "github.com/fedhelm/fedhelm/cmd/"+command).CombinedOutput() //nolint:noctx // ends by itself
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("build %s: %v\n%s", command, err, out)
	} else if err != nil {
		t.Fatal(err)
	}
	return program
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
