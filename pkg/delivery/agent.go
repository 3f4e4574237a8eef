package delivery

import (
	"context"
	"sync"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Agent brings one member in line with what is wished of it. Its methods may be called from any goroutine, before and while it runs, and
// do not block.
type Agent struct {
	Options

	mu        sync.Mutex
	reachable bool
}

// New returns an Agent that does nothing until it runs. It takes the member for reachable.
func New(o Options) *Agent {
	return &Agent{Options: o.withDefaults(), reachable: true}
}

// Run works until the context ends, and returns when nothing of it is at work any more. It is called once.
func (a *Agent) Run(ctx context.Context) { <-ctx.Done() }

// Watch begins to follow the copies of a kind; Want does so by itself.
func (a *Agent) Watch(kinds.Kind) {}

// Survey looks whether there are copies of a kind that nothing is wished of, left behind by somebody; if so, it is as Watch.
func (a *Agent) Survey(kinds.Kind) {}

// Want has a worker look at the key, with the wish of that time.
func (a *Agent) Want(Key, Priority) {}

// Report is how it stands with a key.
func (a *Agent) Report(Key) Report { return Report{} }

// Synced tells whether all copies of a kind are known. Of a kind that the member does not serve there are none.
func (a *Agent) Synced(kinds.ID) bool { return false }

// SetReachable says whether the member answers, as far as others know. All work pauses while it does not; then what failed is tried again.
func (a *Agent) SetReachable(bool) {}

// ReleaseBrake lets all copies be deleted that are held at the moment since their sources are missing.
func (a *Agent) ReleaseBrake() {}

// Standing says how the Agent is doing.
func (a *Agent) Standing() Standing { return Standing{} }
