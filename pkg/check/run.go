package check

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// defaultLimit is longer than an API server under load takes to answer, and short enough to wait for.
	defaultLimit = 10 * time.Second
	// atOnce bounds how many checks run at a time: those of a hundred members must not open a thousand connections.
	atOnce = 16
)

// Run makes the checks, as many beside each other as need not wait for one another, and returns the results in the order of
// checks. A check that does not end in time is a failure. When ctx ends, what has not run is skipped. What a check needs
// must stand before it; a name that does not is passed over.
func Run(ctx context.Context, checks []Check) Report {
	report := make(Report, len(checks))
	done := make([]chan struct{}, len(checks))
	index := map[[2]string]int{}
	for i, c := range checks {
		done[i] = make(chan struct{})
		index[[2]string{c.Category, c.Name}] = i
	}
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			defer close(done[i])
			report[i] = Result{Category: c.Category, Name: c.Name}
			for _, need := range c.Needs {
				j, there := index[[2]string{c.Category, need}]
				if !there || j >= i {
					continue // waiting for a later one could be waiting for itself
				}
				<-done[j]
				if level := report[j].Level; level != OK && level != Warning {
					report[i].Outcome = skipped("%s comes first", need)
					report[i].Blocker = need
					return
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			report[i].Outcome = within(ctx, c)
		})
	}
	wg.Wait()
	return report
}

// within runs one check within its limit.
func within(ctx context.Context, c Check) Outcome {
	if ctx.Err() != nil {
		return skipped("interrupted")
	}
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found := make(chan Outcome, 1)
	go func() { found <- c.Run(limited) }()
	select {
	case o := <-found:
		if o.Level == Failure && errors.Is(limited.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
			return failure(o.Mend, "no answer within %s: %s", limit, o.Text)
		}
		return o
	case <-limited.Done():
		if ctx.Err() != nil {
			return skipped("interrupted")
		}
		return failure(again, "no answer within %s", limit)
	}
}
