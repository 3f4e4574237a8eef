package manager

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has used.
type Usage struct {
	CPU  time.Duration // since its start
	Now  uint64        // bytes of memory
	Peak uint64        // the most bytes of memory at one time
}

// Usage is that of the process until now.
func (p *Process) Usage() (Usage, error) { return usage(os.DirFS("/proc"), p.cmd.Process.Pid) }

// clockTicks is the unit of times in /proc: the same on all architectures that Go knows.
const clockTicks = 100

func usage(proc fs.FS, pid int) (u Usage, err error) {
	stat, err := fs.ReadFile(proc, fmt.Sprintf("%d/stat", pid))
	if err != nil {
		return u, err
	}
	// The name of the program, in parentheses, may have anything in it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return u, fmt.Errorf("stat of process %d: %q", pid, stat)
	}
	for _, field := range fields[11:13] { // utime and stime
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return u, fmt.Errorf("stat of process %d: %w", pid, err)
		}
		u.CPU += time.Duration(ticks) * time.Second / clockTicks
	}
	status, err := fs.ReadFile(proc, fmt.Sprintf("%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		into := map[string]*uint64{"VmHWM": &u.Peak, "VmRSS": &u.Now}[name]
		if into == nil {
			continue
		}
		kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return u, fmt.Errorf("status of process %d: %w", pid, err)
		}
		*into = kib << 10
	}
	return u, nil
}
