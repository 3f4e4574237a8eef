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
	return b.clear(p)
}

func (b Bed) clear(p *plan.Bed) error {
	if err := b.killAll(p); err != nil {
		return err
	}
	var errs []error
	for _, dir := range node.Cgroups(p) {
		errs = append(errs, retry(5*time.Second, func() error { return node.RemoveCgroup(dir) }))
	}
	errs = append(errs, wire.Down(p))
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

// removeFiles empties the state directory; what lies in it is all ours. The lock, which we hold, goes last.
func (b Bed) removeFiles() error {
	entries, err := os.ReadDir(string(b.State))
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(x, y os.DirEntry) int { return order(x.Name()) - order(y.Name()) })
	for _, e := range entries {
		if err := os.RemoveAll(b.State.path(e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(string(b.State))
}

// order lets the record of the bed outlive all that it describes.
func order(name string) int {
	switch name {
	case "bed.json":
		return 1
	case "lock":
		return 2
	default:
		return 0
	}
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
