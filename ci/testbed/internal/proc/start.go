// Package proc starts the test bed's processes, finds them again, and ends them.
//
// They outlive the program that starts them. Two things say which they are: a record of pid and start time, which is
// exact even after the pid was used again, and an environment variable that they pass on to their children, which
// finds what a killed run left unrecorded.
package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Spec is a process to run.
type Spec struct {
	// Name is unique in its Group.
	Name string
	Path string
	Args []string
	// Netns is the path of the network namespace to run in; "" is the caller's.
	Netns string
	// MountsOf is the process whose mount namespace to run in; 0 means the caller's.
	MountsOf int
	// NewMounts gives the process a mount namespace of its own, whose mounts go when its last process does.
	NewMounts bool
	// Version changes when the program at Path has other content: then a running one is not as the Spec says.
	Version string
}

// Group is the processes of one cluster. Dir is theirs alone.
type Group struct {
	Dir string
}

// Start runs the process in the background, detached from the terminal, its output appended to its log.
// What still runs under the name is ended first.
func (g Group) Start(s Spec) (*Process, error) {
	if err := g.Stop(s.Name); err != nil {
		return nil, err
	}
	for _, d := range []string{g.logs(), g.records()} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(g.Log(s.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	cmd := exec.Command(s.Path, s.Args...) //nolint:noctx // it outlives us, whatever context we have
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), g.mark(s.Name))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if s.NewMounts {
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	if err := startIn(cmd, s); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	p := &Process{group: g, Name: s.Name, Pid: cmd.Process.Pid, Exited: make(chan struct{})}
	go func() { // without a Wait a dead child stays in the process table as long as we run
		p.err = cmd.Wait()
		close(p.Exited)
	}()
	return p, g.record(s, p.Pid)
}

// startIn starts the command from a thread that has entered the namespaces, for a child inherits its parent thread's.
func startIn(cmd *exec.Cmd, s Spec) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine, so nothing else runs in it
		err := enter(s)
		if err == nil {
			err = cmd.Start()
		}
		done <- err
	}()
	return <-done
}

func enter(s Spec) error {
	if s.Netns != "" {
		if err := setns(s.Netns, unix.CLONE_NEWNET); err != nil {
			return err
		}
	}
	if s.MountsOf == 0 {
		return nil
	}
	// The kernel lets a thread change its mount namespace only when it shares root and working directory with no other.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare working directory: %w", err)
	}
	return setns(fmt.Sprintf("/proc/%d/ns/mnt", s.MountsOf), unix.CLONE_NEWNS)
}

func setns(path string, kind int) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), kind); err != nil {
		return fmt.Errorf("enter namespace %s: %w", path, err)
	}
	return nil
}

// Process is one that this program has started.
type Process struct {
	Name   string
	Pid    int
	Exited chan struct{} // closed when it has ended

	group Group
	err   error
}

// Err says how the process ended, with the end of its log; nil while it runs.
func (p *Process) Err() error {
	select {
	case <-p.Exited:
	default:
		return nil
	}
	how := "ended"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s: %s; the end of %s:\n%s", p.Name, how, p.group.Log(p.Name), tail(p.group.Log(p.Name), 2000))
}

func tail(path string, n int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return ""
	}
	b, err := io.ReadAll(io.NewSectionReader(f, max(0, st.Size()-n), n))
	if err != nil {
		return ""
	}
	return string(b)
}

// Stop ends the named process and waits until it is gone; nil when there is none.
func (g Group) Stop(name string) error {
	for _, p := range g.Find(name) {
		if err := Kill(p, 10*time.Second); err != nil {
			return fmt.Errorf("stop %s: %w", name, err)
		}
	}
	if err := os.Remove(g.recordPath(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Log is the path of the process's output.
func (g Group) Log(name string) string { return filepath.Join(g.logs(), name+".log") }

func (g Group) logs() string    { return filepath.Join(g.Dir, "log") }
func (g Group) records() string { return filepath.Join(g.Dir, "pid") }

func (g Group) recordPath(name string) string { return filepath.Join(g.records(), name+".json") }
