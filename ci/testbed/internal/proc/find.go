package proc

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// markName is the environment variable that marks the bed's processes; its value is "<Group.Dir>/<process name>".
const markName = "FEDHELM_TESTBED_PROCESS"

// ID is a process for ever: the kernel uses a pid again, but not with the same start time.
type ID struct {
	Pid   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since the machine started
}

type record struct {
	ID
	Spec string `json:"spec"` // a digest of what was started
}

func (g Group) mark(name string) string { return markName + "=" + filepath.Join(g.Dir, name) }

func (g Group) record(s Spec, pid int) error {
	id, err := Identify(pid)
	if err != nil {
		id = ID{Pid: pid} // it has ended already, which whoever waits for it will say better
	}
	b, err := json.Marshal(record{ID: id, Spec: s.digest()})
	if err != nil {
		return err
	}
	return os.WriteFile(g.recordPath(s.Name), b, 0o600)
}

func (s Spec) digest() string {
	b, _ := json.Marshal(s) // strings and ints only
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func (g Group) load(name string) (record, bool) {
	var r record
	b, err := os.ReadFile(g.recordPath(name))
	if err != nil || json.Unmarshal(b, &r) != nil || !Alive(r.ID) {
		return record{}, false
	}
	return r, true
}

// Running tells whether the process runs as the spec says: same program, same arguments, same namespaces.
func (g Group) Running(s Spec) bool {
	r, ok := g.load(s.Name)
	return ok && r.Spec == s.digest()
}

// Pid is that of the recorded process, 0 when it does not run.
func (g Group) Pid(name string) int {
	r, _ := g.load(name)
	return r.Pid
}

// Names lists the processes that run, in order.
func (g Group) Names() []string {
	files, _ := filepath.Glob(g.recordPath("*"))
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		if g.Pid(name) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Find finds the named process, recorded or not. Its children carry its mark too; they are not it, for it leads a session.
func (g Group) Find(name string) []ID {
	var ids []ID
	for _, id := range Marked(filepath.Join(g.Dir, name)) {
		if sid, err := unix.Getsid(id.Pid); err == nil && sid == id.Pid {
			ids = append(ids, id)
		}
	}
	return ids
}

// Marked finds every process whose mark is the path or lies below it.
func Marked(path string) []ID {
	var ids []ID
	eachProcess(func(id ID) {
		if m := markOf(id.Pid); m == path || strings.HasPrefix(m, path+"/") {
			ids = append(ids, id)
		}
	})
	slices.SortFunc(ids, func(a, b ID) int { return cmp.Compare(a.Start, b.Start) })
	return ids
}

// Owners lists the group directories of all test bed processes on the machine.
func Owners() []string {
	dirs := map[string]bool{}
	eachProcess(func(id ID) {
		if m := markOf(id.Pid); m != "" {
			dirs[filepath.Dir(m)] = true
		}
	})
	return slices.Sorted(maps.Keys(dirs))
}

func eachProcess(f func(ID)) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if id, err := Identify(pid); err == nil {
			f(id)
		}
	}
}

func markOf(pid int) string {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return ""
	}
	for _, v := range bytes.Split(env, []byte{0}) {
		if m, ok := bytes.CutPrefix(v, []byte(markName+"=")); ok {
			return string(m)
		}
	}
	return ""
}

var errZombie = errors.New("process has ended")

// Identify names the process that has the pid now.
func Identify(pid int) (ID, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ID{}, err
	}
	state, start, err := parseStat(string(b))
	if err != nil {
		return ID{}, err
	}
	if state == "Z" || state == "X" {
		return ID{}, errZombie
	}
	return ID{Pid: pid, Start: start}, nil
}

// parseStat reads state and start time. The command's name comes before them and may hold spaces and parentheses.
func parseStat(stat string) (state string, start uint64, err error) {
	_, rest, ok := cutLast(stat, ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return "", 0, fmt.Errorf("unexpected process state %q", stat)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return fields[0], start, err
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Alive tells whether this very process still runs.
func Alive(id ID) bool {
	now, err := Identify(id.Pid)
	return err == nil && now == id
}

// Kill ends this very process and no other, and waits until it is gone.
func Kill(id ID, limit time.Duration) error {
	fd, err := unix.PidfdOpen(id.Pid, 0)
	if err != nil {
		return nil // gone
	}
	defer unix.Close(fd)
	if !Alive(id) { // checked after the descriptor holds the process, so the pid cannot be another's by the time of the kill
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill process %d: %w", id.Pid, err)
	}
	for end := time.Now().Add(limit); Alive(id); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("process %d does not end", id.Pid)
		}
	}
	return nil
}

// Memory is the resident memory of a process in bytes, 0 when it has ended.
func Memory(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}
