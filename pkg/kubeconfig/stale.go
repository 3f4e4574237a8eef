package kubeconfig

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// create makes a lock file that names its maker. It fails when there is one.
func create(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(maker(os.Getpid()))
	return errors.Join(err, f.Close())
}

func maker(pid int) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // then only this process can tell that it is its own, which is all right
	}
	return fmt.Sprintf("fedhelm process %d on %s\n", pid, host)
}

// takeAway removes a lock whose maker is a process of this machine that is gone. It reports whether it did.
// A lock of kubectl's is empty, and never taken away.
func takeAway(name string) bool {
	content, err := os.ReadFile(name)
	if err != nil {
		return false
	}
	var pid int
	if _, err := fmt.Sscanf(string(content), "fedhelm process %d on", &pid); err != nil || string(content) != maker(pid) || !gone(pid) {
		return false
	}
	// Somebody else may have come to the same conclusion, and hold a lock of this name by now: that one goes back.
	mine := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.Rename(name, mine); err != nil {
		return false
	}
	taken, err := os.ReadFile(mine)
	if err == nil && string(taken) != string(content) {
		_ = os.Link(mine, name) // if a third one was faster, there is nothing to give back
	}
	_ = os.Remove(mine)
	return true
}

// gone tells that there is surely no process with the id.
func gone(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release() //nolint:errcheck // nothing depends on it
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
