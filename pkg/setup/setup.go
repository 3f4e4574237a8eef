// Package setup holds the steps that bring a federation's control plane up in a host cluster, and those that take it down.
// Each can be run again after any failure, also after having been killed, and goes on from what it finds.
package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/fedhelm/fedhelm/pkg/release"
)

// What callers tell apart: what became of a command that did not succeed.
var (
	// ErrRefused: nothing was written, because the host cluster or the federation is not fit for it.
	ErrRefused = errors.New("refused")
	// ErrTimedOut: the limit ran out. Running the same again goes on.
	ErrTimedOut = errors.New("timed out")
)

// Host is the host cluster.
type Host struct {
	Client  kubernetes.Interface
	Objects metadata.Interface // for kinds that Client does not know
	Context string             // of the kubeconfig, for messages
	Server  string             // URL, for messages
}

// Kubeconfig is the user's own, where the federation gets an entry.
type Kubeconfig struct {
	Files             []string // as the loading rules name them; never empty
	SetCurrentContext bool
}

// Releases is what setup needs of Helm.
type Releases interface {
	Get(ctx context.Context, name string) (release.Info, error)
	Apply(ctx context.Context, r release.Request) (release.Outcome, error)
	Uninstall(ctx context.Context, name string, o release.UninstallOptions) error
}

// InitReleases is what Init needs of Helm.
type InitReleases interface {
	Releases
	// CameUp records that what was applied last has come up: what a federation that never did was given is not kept.
	CameUp(ctx context.Context, name string) error
}

// classified is an error of one of the classes above; its text is the error's alone.
type classified struct {
	error
	class error
}

func (c *classified) Unwrap() []error { return []error{c.error, c.class} }

func refused(err error) error {
	if err == nil {
		return nil
	}
	return &classified{error: err, class: ErrRefused}
}

func timedOut(after time.Duration, format string, args ...any) error {
	return &classified{error: fmt.Errorf("timed out after %s: %w", after, fmt.Errorf(format, args...)), class: ErrTimedOut}
}
