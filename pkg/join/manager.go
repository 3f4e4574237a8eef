package join

import (
	"context"
	"time"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/progress"
)

const (
	// managerPatience is how long a controller manager has to become ready that is not: it may be rolled out just now, or move to another
	// node.
	managerPatience = time.Minute
	managerPause    = time.Second // between two looks
)

// awaitManager waits for the federation's controller manager while that is coming up, for half of the limit of the whole at most. What is
// wrong after that is for the checks to say.
func (r *joinRun) awaitManager(ctx context.Context, step *progress.Step) {
	ctx, cancel := context.WithTimeout(ctx, min(managerPatience, r.Timeout/2))
	defer cancel()
	for r.managerIsComing(ctx) {
		step.Waitingf("the controller manager of federation %q to be ready", r.Federation.Name)
		select {
		case <-ctx.Done():
			return
		case <-time.After(managerPause):
		}
	}
}

// managerIsComing tells whether there is a controller manager that shall run, and is not ready.
func (r *joinRun) managerIsComing(ctx context.Context) bool {
	if r.Federation.Unusable != nil {
		return false
	}
	workloads, err := federation.Workloads(ctx, r.Host.Client, r.Federation.Ref)
	if err != nil {
		return false
	}
	for _, w := range workloads {
		if w.Name == r.Federation.ControllerManager() {
			return w.Ready == 0 && w.Wanted > 0
		}
	}
	return false
}
