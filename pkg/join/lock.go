package join

import (
	"context"
	"time"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/progress"
)

// lockEnds is how long an interrupted command may take to give back its lock.
const lockEnds = 5 * time.Second

// acquire takes the lock of the member.
func (r *joinRun) acquire(ctx context.Context) (context.Context, error) {
	held, lock, err := acquireMember(ctx, r.Host, r.Federation.Ref, r.Name, r.Identity, r.Progress)
	r.lock = lock
	return held, err
}

// acquireMember takes a member's lock; a step is shown only when it must be waited for.
func acquireMember(ctx context.Context, host Host, ref federation.Ref, cluster, identity string, reporter *progress.Reporter) (context.Context, *federation.Lock, error) {
	var step *progress.Step
	held, lock, err := federation.AcquireMember(ctx, host.Client, ref, cluster, identity, func(reason string) {
		if step == nil {
			step = reporter.Start("Waiting for the lock of member " + cluster)
		}
		step.Waitingf("%s", reason)
	})
	if err != nil {
		step.Fail()
		return nil, nil, err
	}
	step.Done()
	return held, lock, nil
}

// giveBack ends the lock, also when ctx has ended. Its Lease goes with it unless keep says that a later run needs what is noted there. A
// lock that cannot be given back ends by itself: that is a warning.
func giveBack(ctx context.Context, lock *federation.Lock, keep bool, reporter *progress.Reporter) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockEnds)
	defer cancel()
	end := lock.Remove
	if keep {
		end = lock.Release
	}
	if err := end(ctx); err != nil {
		reporter.Warnf("%v", err)
	}
}
