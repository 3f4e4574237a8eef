package bed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/node"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/wire"
)

// killLimit is for one process; the kernel needs a moment to free a big one's memory.
const killLimit = 20 * time.Second

// Down removes the bed: processes, namespaces, interfaces, cgroups, files. It asks the machine what there is rather than
// what was planned, so it removes what a killed run left too. The prefix is for a directory that has lost its record.
func (b Bed) Down(ctx context.Context, prefix string) error {
	unlock, err := b.State.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := b.State.Load()
	if err != nil { // none, or unreadable: then by the prefix
		if p, err = plan.New(plan.Options{Prefix: prefix}); err != nil {
			return err
		}
		if err := b.unclaimed(p); err != nil {
			return err
		}
	}
	if err := b.clear(p); err != nil {
		return err
	}
	return errors.Join(os.Remove(b.State.lock()), os.Remove(string(b.State)))
}

// clear removes everything but the lock, which the caller holds.
func (b Bed) clear(p *plan.Bed) error {
	if err := b.killAll(p); err != nil {
		return err
	}
	var errs []error
	for _, dir := range node.Cgroups(p) {
		errs = append(errs, retry(5*time.Second, func() error { return node.RemoveCgroup(dir) }))
	}
	errs = append(errs, wire.Down(p))
	if sv, err := b.State.read(); err == nil {
		errs = append(errs, restoreLimits(sv.Inotify))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return retry(5*time.Second, b.removeFiles)
}

// killAll ends every process of the bed, again until none is left: a dying runtime may just have started one.
// Those of the pods are known by their cgroup, the others by their mark.
func (b Bed) killAll(p *plan.Bed) error {
	for range 20 {
		ids := proc.Marked(string(b.State))
		for _, dir := range node.Cgroups(p) {
			ids = append(ids, node.Members(dir)...)
		}
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			if err := proc.Kill(id, killLimit); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("processes of the test bed in %s keep appearing", b.State)
}

// removeFiles empties the state directory; what lies in it is all ours. The record of the bed outlives all it describes.
func (b Bed) removeFiles() error {
	entries, err := os.ReadDir(string(b.State))
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := b.State.path(e.Name())
		if path == b.State.lock() || path == b.State.file() {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return os.RemoveAll(b.State.file())
}

// owners lists the state directories of beds with the prefix that have processes.
func owners(prefix string) []string {
	var states []string
	for _, dir := range proc.Owners() {
		s := State(filepath.Dir(dir))
		sv, err := s.read()
		if (err != nil || sv.Prefix == prefix) && !slices.Contains(states, string(s)) {
			states = append(states, string(s))
		}
	}
	return states
}

func retry(limit time.Duration, f func() error) error {
	end := time.Now().Add(limit)
	for {
		err := f()
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
