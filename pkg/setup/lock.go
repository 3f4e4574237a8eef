package setup

import (
	"context"
	"time"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/progress"
)

// giveBackLimit is how long an interrupted command may take to give back its lock.
const giveBackLimit = 5 * time.Second

// acquire takes the federation's lock; a step is shown only when it must be waited for.
func acquire(ctx context.Context, host Host, ref federation.Ref, identity string, reporter *progress.Reporter) (context.Context, *federation.Lock, error) {
	var step *progress.Step
	held, lock, err := federation.Acquire(ctx, host.Client, ref, identity, func(reason string) {
		if step == nil {
			step = reporter.Start("Waiting for the lock of federation " + ref.Name)
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

// giveBack ends a lock also when ctx has ended. A lock that cannot be given back ends by itself: that is a warning.
func giveBack(ctx context.Context, end func(context.Context) error, reporter *progress.Reporter) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
	defer cancel()
	if err := end(ctx); err != nil {
		reporter.Warnf("%v", err)
	}
}
