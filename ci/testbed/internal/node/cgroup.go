package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
)

const cgroupRoot = "/sys/fs/cgroup"

// EnsureCgroup makes the cgroup that all pods of the cluster's node are in.
func EnsureCgroup(name string) error {
	if unified() {
		return ensureUnified(name)
	}
	hierarchies, err := v1Hierarchies()
	if err != nil {
		return err
	}
	for _, h := range hierarchies {
		dir := filepath.Join(h, name)
		if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("cgroup: %w", err)
		}
		if filepath.Base(h) != "cpuset" {
			continue
		}
		for _, f := range []string{"cpuset.cpus", "cpuset.mems"} { // a new one has neither, and no process can join it
			all, err := os.ReadFile(filepath.Join(h, f))
			if err != nil {
				return fmt.Errorf("cgroup: %w", err)
			}
			if err := os.WriteFile(filepath.Join(dir, f), all, 0o600); err != nil {
				return fmt.Errorf("cgroup: %w", err)
			}
		}
	}
	return nil
}

func unified() bool {
	var st unix.Statfs_t
	return unix.Statfs(cgroupRoot, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

// ensureUnified makes a cgroup of version 2 and passes on every controller there is.
func ensureUnified(name string) error {
	dir := filepath.Join(cgroupRoot, name)
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("cgroup: %w", err)
	}
	for _, d := range []string{cgroupRoot, dir} {
		available, err := os.ReadFile(filepath.Join(d, "cgroup.controllers"))
		if err != nil {
			return fmt.Errorf("cgroup: %w", err)
		}
		for _, c := range strings.Fields(string(available)) {
			// One that cannot be passed on (realtime processes are in the way of "cpu", say) is not needed until a pod asks.
			_ = os.WriteFile(filepath.Join(d, "cgroup.subtree_control"), []byte("+"+c), 0o600)
		}
	}
	return nil
}

// hybrid is where systemd mounts version 2 beside version 1. No controller is there for pods, but runc makes its cgroups
// there too.
var hybrid = filepath.Join(cgroupRoot, "unified")

// v1Hierarchies lists where cgroups of version 1 are mounted, each mount once.
func v1Hierarchies() ([]string, error) {
	entries, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return nil, fmt.Errorf("cgroups: %w", err)
	}
	var dirs []string
	for _, e := range entries {
		var st unix.Statfs_t
		path := filepath.Join(cgroupRoot, e.Name())
		if e.IsDir() && unix.Statfs(path, &st) == nil && st.Type == unix.CGROUP_SUPER_MAGIC {
			dirs = append(dirs, path)
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("cgroups: neither version 1 nor 2 is mounted on %s", cgroupRoot)
	}
	return dirs, nil
}

// Cgroups lists the bed's cgroups that exist, as directories.
func Cgroups(b *plan.Bed) []string {
	roots := []string{cgroupRoot}
	if !unified() {
		roots, _ = v1Hierarchies()
		roots = append(roots, hybrid)
	}
	var found []string
	for _, r := range roots {
		entries, _ := os.ReadDir(r)
		for _, e := range entries {
			if e.IsDir() && b.Owns(e.Name()) {
				found = append(found, filepath.Join(r, e.Name()))
			}
		}
	}
	return found
}

// Members lists the processes in a cgroup and below it.
func Members(cgroup string) []proc.ID {
	var ids []proc.ID
	procs, _ := os.ReadFile(filepath.Join(cgroup, "cgroup.procs")) // one that has just gone has none
	for _, f := range strings.Fields(string(procs)) {
		if pid, err := strconv.Atoi(f); err == nil {
			if id, err := proc.Identify(pid); err == nil {
				ids = append(ids, id)
			}
		}
	}
	entries, _ := os.ReadDir(cgroup)
	for _, e := range entries {
		if e.IsDir() {
			ids = append(ids, Members(filepath.Join(cgroup, e.Name()))...)
		}
	}
	return ids
}

// RemoveCgroup removes a cgroup and those below it. No process may be in them.
func RemoveCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() {
			errs = append(errs, RemoveCgroup(filepath.Join(dir, e.Name())))
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// CgroupsOf lists the cgroup's directories: one, or with version 1 one in each hierarchy.
func CgroupsOf(name string) []string {
	if unified() {
		return []string{filepath.Join(cgroupRoot, name)}
	}
	hierarchies, _ := v1Hierarchies()
	dirs := make([]string, len(hierarchies))
	for i, h := range hierarchies {
		dirs[i] = filepath.Join(h, name)
	}
	return dirs
}
