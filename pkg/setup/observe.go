package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fedhelm/fedhelm/pkg/diagnosis"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
)

const (
	// observeFirst lets steps that go well pass without a look at the cluster.
	observeFirst = time.Second
	observeEvery = 1500 * time.Millisecond
	// fatalLooks is how often in a row a thing must look hopeless: a Secret that is still to come looks so for a moment.
	fatalLooks = 3
	// lastLook is how long the cluster may take to say what was wrong, after the limit ran out.
	lastLook = 10 * time.Second
)

// hopeless is a finding that no waiting will mend.
type hopeless struct{ finding diagnosis.Finding }

func (h *hopeless) Error() string { return h.finding.Sentence() }

// observe tells the step what the control plane waits for, until stop is called. The context that comes back ends early when
// what is wrong will not mend by waiting.
func (r *initRun) observe(ctx context.Context, step *progress.Step) (observed context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		hopelessFor := 0
		timer := time.NewTimer(observeFirst)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			timer.Reset(observeEvery)
			report, err := diagnosis.Examine(ctx, r.Host.Client, r.ref.Namespace, r.ref.Name)
			if err != nil {
				continue // the host may be slow just now; the step itself knows what an error means
			}
			finding, found := report.Cause()
			if found { // the way out is for the end: it may come and go with the state of a container that crashes
				step.Waitingf("%s: %s", finding.Object, finding.Reason)
			} else if summary := report.Summary(); summary != "" {
				step.Waitingf("%s", summary)
			}
			if !found || !finding.Fatal {
				hopelessFor = 0
			} else if hopelessFor++; hopelessFor >= fatalLooks {
				cancel(&hopeless{finding})
			}
			if found {
				r.cause = finding.Sentence()
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

// inTime turns what ended a run into what its user should know.
func (r *initRun) inTime(ctx context.Context, err error) error {
	const again = "run the same command again to go on"
	var hook *release.HookError
	var hopeless *hopeless
	var values *release.ChartError
	switch {
	case errors.Is(err, federation.ErrLocked), errors.Is(err, release.ErrOtherChart), errors.Is(err, release.ErrBusy), errors.As(err, &values):
		return refused(err)
	case errors.As(err, &hopeless):
		return fmt.Errorf("%w; then %s", err, again)
	case errors.As(err, &hook):
		if hook.Silent && r.explain(ctx) != "" {
			return fmt.Errorf("%w: %s; then %s", err, r.cause, again)
		}
		return fmt.Errorf("%w; %s", err, again)
	case !errors.Is(context.Cause(ctx), ErrTimedOut):
		return err
	}
	var outside *unreachable
	switch {
	case errors.As(err, &outside):
		return timedOut(r.Timeout, "%w", err)
	case r.explain(ctx) != "":
		return timedOut(r.Timeout, "%s; then %s", r.cause, again)
	case errors.Is(err, ErrTimedOut), errors.Is(err, context.DeadlineExceeded):
		return timedOut(r.Timeout, "the control plane is not ready, and nothing in namespace %q says why; %s, with a longer --timeout if the host is slow", r.ref.Namespace, again)
	default:
		return timedOut(r.Timeout, "%w; %s", err, again)
	}
}

// explain looks once more, after the limit: what is wrong now, else what was wrong last.
func (r *initRun) explain(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	if report, err := diagnosis.Examine(ctx, r.Host.Client, r.ref.Namespace, r.ref.Name); err == nil {
		if summary := report.Summary(); summary != "" {
			r.cause = summary
		}
	}
	return r.cause
}
