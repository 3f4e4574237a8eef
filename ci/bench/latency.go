package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fedhelm/fedhelm/ci/bench/internal/stubs"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// keptUp is how long after the last change all of them may be everywhere, for a rate that is kept up with.
const keptUp = 2 * time.Second

// latencyRun is of changes at one rate.
type latencyRun struct {
	Rate    float64 `json:"rate"` // changes per second
	Changes int     `json:"changes"`
	Write   float64 `json:"writeP99Seconds"` // until the federation API has accepted a change
	P50     float64 `json:"p50Seconds"`      // from then on, of all copies of all changes
	P99     float64 `json:"p99Seconds"`
	LastP50 float64 `json:"lastP50Seconds"` // of each change's last copy
	LastP99 float64 `json:"lastP99Seconds"`
	Late    float64 `json:"lateSeconds"` // from the last change until all were everywhere
	Lost    int     `json:"lost"`
	CPU     float64 `json:"cpuPercent"` // of one core, of the controller manager
	Kept    bool    `json:"keptUp"`
}

// latencyResult is of several rates, the first for longer.
type latencyResult struct {
	Members int          `json:"members"`
	Objects int          `json:"objects"`
	Runs    []latencyRun `json:"runs"`
}

// latency measures how long changes take to reach simulated members, at a rate, and then at twice that, and so on until it is too much.
func (b *propagationBench) latency(ctx context.Context, w *world) (result latencyResult, err error) {
	result = latencyResult{Members: b.far, Objects: b.pool}
	made, err := newChanges(w.api.Config, sources.Objects(b.pool), b.far)
	if err != nil {
		return result, err
	}
	members := stubs.Start(b.far, stubs.Options{Far: true, Seed: 1, Written: func(member int, _ kinds.Kind, o fakeapi.Object) { made.saw(member, o) }})
	defer stubs.Close(members)
	if err := w.register(ctx, members); err != nil {
		return result, err
	}
	if err := w.give(ctx, b.pool); err != nil {
		return result, err
	}
	if err := w.start(); err != nil {
		return result, err
	}
	limited, cancel := w.whileRunning(ctx, b.limit)
	defer cancel()
	if _, err := stubs.Wait(limited, members, w.sources+w.extra); err != nil {
		return result, err
	}
	if err := w.rest(limited); err != nil {
		return result, err
	}
	during := b.latencyFor
	for rate := b.rate; rate <= b.highestRate; rate *= 2 {
		run, err := b.latencyOnce(ctx, w, made, rate, during)
		if err != nil {
			return result, err
		}
		result.Runs = append(result.Runs, run)
		fmt.Fprintf(os.Stderr, "%.0f changes a second to %d members: P50 %.3fs, P99 %.3fs, %.2fs late, %.0f %% of a core\n",
			rate, b.far, run.P50, run.P99, run.Late, run.CPU)
		w.extra += created(run.Changes)
		if !run.Kept {
			break
		}
		during = b.stepFor
	}
	if err := w.stop(); err != nil {
		return result, err
	}
	return result, w.unregister(ctx, members)
}

func (b *propagationBench) latencyOnce(ctx context.Context, w *world, made *changes, rate float64, during time.Duration) (run latencyRun, err error) {
	limited, cancel := w.whileRunning(ctx, during+b.limit)
	defer cancel()
	defer b.profile(ctx, w.running, fmt.Sprintf("latency-%.0f", rate))()
	before, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	began := time.Now()
	o, err := made.run(limited, rate, during, b.patience)
	if err != nil {
		return run, err
	}
	took := time.Since(began)
	after, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	return latencyRun{
		Rate: rate, Changes: len(o.last) + o.lost, Lost: o.lost, Late: o.late.Seconds(),
		Write: p99(o.write).Seconds(), P50: median(o.each).Seconds(), P99: p99(o.each).Seconds(), LastP50: median(o.last).Seconds(), LastP99: p99(o.last).Seconds(),
		CPU: 100 * (after.CPU - before.CPU).Seconds() / took.Seconds(), Kept: o.lost == 0 && o.late <= keptUp,
	}, w.rest(limited)
}
