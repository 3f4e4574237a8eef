package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// idleRun is a time in which nobody changed anything.
type idleRun struct {
	Objects  int     `json:"objects"`
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpuPercent"` // of one core
	Now      float64 `json:"nowMiB"`
	Requests float64 `json:"requestsPerSecond"` // to the federation API, the host cluster and members, watches not counted
}

// idle measures what the controller manager does when there is nothing to do.
func (b *propagationBench) idle(ctx context.Context, w *world) (run idleRun, err error) {
	run.Objects = w.sources
	if w.running == nil {
		if err := w.start(); err != nil {
			return run, err
		}
	}
	limited, cancel := w.whileRunning(ctx, b.limit+b.idleFor)
	defer cancel()
	if err := w.rest(limited); err != nil {
		return run, err
	}
	before, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	asked, err := w.running.Sums(ctx)
	if err != nil {
		return run, err
	}
	began := time.Now()
	if err := sleep(limited, b.idleFor); err != nil {
		return run, err
	}
	run.Seconds = time.Since(began).Seconds()
	after, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	askedThen, err := w.running.Sums(ctx)
	if err != nil {
		return run, err
	}
	run.CPU, run.Now = 100*(after.CPU-before.CPU).Seconds()/run.Seconds, mebibytes(after.Now)
	run.Requests = (askedThen["rest_client_requests_total"] - asked["rest_client_requests_total"]) / run.Seconds
	fmt.Fprintf(os.Stderr, "idle with %d objects: %.2f %% of a core, %.0f MiB\n", run.Objects, run.CPU, run.Now)
	return run, nil
}
