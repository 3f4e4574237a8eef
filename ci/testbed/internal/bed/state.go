// Package bed brings a whole test bed up and takes it down.
package bed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

// State is the directory of a test bed: everything it keeps outside the cache of programs and images.
type State string

// saved is what the directory says about its bed. It is written before anything is made, so that down knows what to
// remove after a kill at any moment.
type saved struct {
	Prefix  string   `json:"prefix"`
	Network string   `json:"network"`
	Kinds   []string `json:"kinds"` // of the members' nodes
	// Versions are the older ones of Kubernetes, by the members' names.
	Versions map[string]string `json:"versions,omitempty"`
	// Boot identifies the machine's start that it is of: processes and namespaces do not outlive it.
	Boot string `json:"boot"`
	// Inotify is the machine's limit before up raised it, 0 if it did not.
	Inotify int `json:"inotify,omitempty"`
}

func (s State) path(elem ...string) string {
	return filepath.Join(append([]string{string(s)}, elem...)...)
}

// Kubeconfig has a context for each cluster.
func (s State) Kubeconfig() string { return s.path("kubeconfig") }

func (s State) file() string { return s.path("bed.json") }

// Load reads which bed the directory is of. It returns an error that wraps os.ErrNotExist when there is none.
func (s State) Load() (*plan.Bed, error) {
	sv, err := s.read()
	if err != nil {
		return nil, err
	}
	return plan.New(sv.options())
}

func (sv saved) options() plan.Options {
	return plan.Options{Prefix: sv.Prefix, Network: sv.Network, Members: len(sv.Kinds), Kinds: sv.Kinds, Versions: sv.Versions}
}

func (s State) read() (saved, error) {
	b, err := os.ReadFile(s.file())
	if err != nil {
		return saved{}, err
	}
	var sv saved
	if err := json.Unmarshal(b, &sv); err != nil {
		return saved{}, fmt.Errorf("%s: %w; remove what is left with: testbed down", s.file(), err)
	}
	return sv, nil
}

func (s State) write(sv saved) error {
	b, err := json.MarshalIndent(sv, "", "  ")
	if err != nil {
		return err
	}
	part := s.file() + ".part"
	if err := os.WriteFile(part, b, 0o600); err != nil {
		return err
	}
	return os.Rename(part, s.file())
}

// longestSocket is the path, in the state directory, of the socket with the longest one: kubelet's, in the cluster with the
// longest name. The kernel allows socketPath bytes.
const (
	longestSocket = "/rivendell/node/kubelet/pod-resources/kubelet.sock"
	socketPath    = 107
)

// check refuses a directory whose path is too long: kubelet would end, with "invalid argument".
func (s State) check() error {
	if limit := socketPath - len(longestSocket); len(s) > limit {
		return fmt.Errorf("state directory %s: its path is longer than %d bytes, too long for sockets in it; choose another with --state", s, limit)
	}
	return nil
}

// Lock keeps other runs away from the state directory until unlock is called. It waits for its turn.
func (s State) Lock(ctx context.Context) (unlock func(), err error) {
	for {
		if err := os.MkdirAll(string(s), 0o750); err != nil {
			return nil, err
		}
		lock := flock.New(s.lock())
		if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil && ctx.Err() == nil {
			continue // a down has just removed the directory
		} else if err != nil {
			return nil, fmt.Errorf("another testbed command is at work in %s: %w", s, err)
		}
		if s.current(lock) {
			return func() { _ = lock.Unlock() }, nil // nothing to do about it, and it ends with us
		}
		if err := lock.Unlock(); err != nil { // whoever had it before us was a down, and removed it
			return nil, err
		}
	}
}

func (s State) lock() string { return s.path("lock") }

// current tells whether the file is still the one that others lock.
func (s State) current(lock *flock.Flock) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(s.lock())
	return err == nil && os.SameFile(mine, now)
}

func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

// ErrNone is returned by what needs a test bed when there is none.
var ErrNone = errors.New("no test bed is up; bring one up with: testbed up")

// Require is Load for what needs a bed.
func (s State) Require() (*plan.Bed, error) {
	b, err := s.Load()
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w (state directory %s)", ErrNone, s)
	}
	return b, err
}
