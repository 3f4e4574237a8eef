package kubeconfig

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ourMode tells our locks from kubectl's, which nobody may read, before their maker is written into them.
const ourMode = 0o600

// unwritten is how long a lock of ours may be without its maker: much longer than it takes to write it.
const unwritten = 2 * time.Second

// create makes a lock file that names its maker. It fails when there is one.
func create(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, ourMode)
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

// takeAway removes a lock of ours whose maker is gone. It reports whether it did. One of kubectl's is never taken away.
func takeAway(name string) bool {
	content, err := os.ReadFile(name)
	if err != nil || !abandoned(name, string(content)) {
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

// abandoned tells a lock whose maker, a process of this machine, was killed: after it had written its name, or just before.
func abandoned(name, content string) bool {
	if content == "" {
		info, err := os.Stat(name)
		return err == nil && info.Mode().Perm() == ourMode && time.Since(info.ModTime()) > unwritten
	}
	var pid int
	_, err := fmt.Sscanf(content, "fedhelm process %d on", &pid)
	return err == nil && content == maker(pid) && gone(pid)
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
