// Package wait waits for something to become true, and says for what.
package wait

import (
	"context"
	"fmt"
	"io"
	"time"
)

// quiet is how long a state must last before it is worth a line: a wait that is
// over at once needs none.
const quiet = 3 * time.Second

const untried = "nothing was tried yet"

// Until calls check, at once and then every interval, until it is done, fails
// or ctx ends. check returns what it still waits for, "" when it is done; a new
// text is written to out, at most every few seconds. When ctx ends, Until
// returns the last text with ctx's error.
func Until(ctx context.Context, out io.Writer, interval time.Duration, check func(context.Context) (string, error)) (string, error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	said, last := "", time.Now()
	waiting := untried
	for {
		if ctx.Err() != nil {
			return waiting, ctx.Err()
		}
		state, err := check(ctx)
		if err != nil && ctx.Err() == nil {
			return state, err
		}
		if err == nil {
			if state == "" {
				return "", nil
			}
			if ctx.Err() == nil || waiting == untried {
				waiting = state // and not what a check says that was cut off
			}
		}
		if waiting != said && time.Since(last) >= quiet {
			// Progress that cannot be shown is no reason to fail.
			_, _ = fmt.Fprintln(out, "waiting: "+waiting)
			said, last = waiting, time.Now()
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
