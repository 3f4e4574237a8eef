// Package preflight checks what must be true before a command writes anything,
// and says of each thing that is not how to mend it. The checks only read.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// checkTimeout bounds one check, so that a host that does not answer is told of soon.
const checkTimeout = 20 * time.Second

// Check is one thing that must be true. Its name is what the documentation lists it by.
type Check struct {
	Name string
	// Run returns nil, a *Problem, or any other error when the check itself could not be made.
	Run func(ctx context.Context) error
}

// Problem is what a check found wrong.
//
//nolint:errname // it is a finding, a warning even, that travels as an error
type Problem struct {
	Reason  string // a clause that names the object and what is wrong with it
	WayOut  string // a clause that says what to do
	Warning bool   // it may work all the same
}

// Error returns reason and way out.
func (p *Problem) Error() string {
	if p.WayOut == "" {
		return p.Reason
	}
	return p.Reason + "; " + p.WayOut
}

// Result is the outcome of one check.
type Result struct {
	Check   string
	Problem *Problem // nil: all is well
}

// Results are the outcomes of all checks that ran, in the order they were given.
type Results []Result

// Err returns nil when nothing but warnings was found, else every failing check with its way out.
func (rs Results) Err() error {
	var errs []error
	for _, r := range rs {
		if r.Problem != nil && !r.Problem.Warning {
			errs = append(errs, fmt.Errorf("%s: %w", r.Check, r.Problem))
		}
	}
	return errors.Join(errs...)
}

// Warnings returns what was found that may work all the same.
func (rs Results) Warnings() []string {
	var ws []string
	for _, r := range rs {
		if r.Problem != nil && r.Problem.Warning {
			ws = append(ws, fmt.Sprintf("%s: %v", r.Check, r.Problem))
		}
	}
	return ws
}

// Run makes the checks of each stage in parallel, and those of the next stage only when none failed:
// nothing more can be learned from a cluster that cannot be reached.
func Run(ctx context.Context, stages ...[]Check) Results {
	var all Results
	for _, stage := range stages {
		results := make(Results, len(stage))
		var wg sync.WaitGroup
		for i, c := range stage {
			wg.Go(func() { results[i] = run(ctx, c) })
		}
		wg.Wait()
		all = append(all, results...)
		if results.Err() != nil {
			break
		}
	}
	return all
}

func run(ctx context.Context, c Check) Result {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := c.Run(ctx)
	if err == nil {
		return Result{Check: c.Name}
	}
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Reason: "cannot be checked: " + err.Error()}
	}
	return Result{Check: c.Name, Problem: p}
}
