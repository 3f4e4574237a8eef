package release

import (
	"context"
	"time"
)

// within does work that knows no context, as Helm's storage and discovery do not, and returns no later than ctx ends. Work
// that is left behind then ends by itself, or with the program.
func within[T any](ctx context.Context, work func() (T, error)) (T, error) {
	return withGrace(ctx, 0, work)
}

// withGrace leaves work that heeds ctx a moment to record how it ended.
func withGrace[T any](ctx context.Context, grace time.Duration, work func() (T, error)) (T, error) {
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result, err := work()
		done <- outcome{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
	}
	if grace > 0 {
		select {
		case o := <-done:
			return o.result, o.err
		case <-time.After(grace):
		}
	}
	var none T
	return none, context.Cause(ctx)
}
