package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fedhelm/fedhelm/ci/bench/internal/stubs"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// growthRun is of one size.
type growthRun struct {
	Objects    int     `json:"objects"`
	Members    int     `json:"members"`
	All        float64 `json:"allSeconds"` // from the start of the controller manager until all copies are there
	CPU        float64 `json:"cpuSeconds"` // until everything is at rest
	Peak       float64 `json:"peakMiB"`
	Now        float64 `json:"nowMiB"`           // at rest
	Change     float64 `json:"changeCPUMillis"`  // of one change, in time of the processor
	P50        float64 `json:"changeP50Seconds"` // until one change is everywhere
	Heap       float64 `json:"heapMiB"`          // in use, at rest
	Stacks     float64 `json:"stacksMiB"`
	Goroutines float64 `json:"goroutines"`
	Idle       float64 `json:"idleCPUPercent"` // of one core
}

// growthResult has two curves.
type growthResult struct {
	ByMembers []growthRun `json:"byMembers"`
	ByObjects []growthRun `json:"byObjects"`
}

// Changes at each size, to find out what one costs there.
const (
	growthChanges = 50
	growthRate    = 10
)

// growth measures sizes: more and more members with the same objects, then few members with more and more objects.
func (b *propagationBench) growth(ctx context.Context, w *world) (result growthResult, err error) {
	slices.Sort(b.memberCounts)
	slices.Sort(b.objectCounts)
	if result.ByMembers, err = b.growMembers(ctx, w); err != nil {
		return result, err
	}
	result.ByObjects, err = b.growObjects(ctx, w)
	return result, err
}

func (b *propagationBench) growMembers(ctx context.Context, w *world) (runs []growthRun, err error) {
	if err := w.give(ctx, b.atObjects); err != nil {
		return nil, err
	}
	for _, n := range b.memberCounts {
		run, err := b.grown(ctx, w, n, b.atObjects)
		if err != nil {
			return runs, fmt.Errorf("%d members: %w", n, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func (b *propagationBench) growObjects(ctx context.Context, w *world) (runs []growthRun, err error) {
	for _, n := range b.objectCounts {
		if err := w.give(ctx, n); err != nil {
			return runs, err
		}
		run, err := b.grown(ctx, w, b.atMembers, n)
		if err != nil {
			return runs, fmt.Errorf("%d objects: %w", n, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// grown measures one size, with members that are new.
func (b *propagationBench) grown(ctx context.Context, w *world, count, objects int) (run growthRun, err error) {
	run = growthRun{Objects: objects, Members: count}
	made, err := newChanges(w.api.Config, sources.Objects(objects), count)
	if err != nil {
		return run, err
	}
	members := stubs.Start(count, stubs.Options{Written: func(member int, _ kinds.Kind, o fakeapi.Object) { made.saw(member, o) }})
	defer stubs.Close(members)
	if err := w.register(ctx, members); err != nil {
		return run, err
	}
	if err := w.start(); err != nil {
		return run, err
	}
	profiled := b.profile(ctx, w.running, fmt.Sprintf("growth-%d-%d", count, objects))
	limited, cancel := w.whileRunning(ctx, b.limit)
	defer cancel()
	at, err := stubs.Wait(limited, members, w.sources+w.extra)
	if err != nil {
		return run, err
	}
	run.All = at.Sub(w.running.Started).Seconds()
	if err := w.rest(limited); err != nil {
		return run, err
	}
	usage, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	run.CPU, run.Peak, run.Now = usage.CPU.Seconds(), mebibytes(usage.Peak), mebibytes(usage.Now)
	sums, err := w.running.Sums(ctx)
	if err != nil {
		return run, err
	}
	run.Heap, run.Stacks = mebibytes(uint64(sums["go_memstats_heap_inuse_bytes"])), mebibytes(uint64(sums["go_memstats_stack_inuse_bytes"]))
	run.Goroutines = sums["go_goroutines"]
	if run.Idle, err = w.busy(limited, b.growthIdle); err != nil {
		return run, err
	}
	if err := b.grownChanges(limited, w, made, &run); err != nil {
		return run, err
	}
	fmt.Fprintf(os.Stderr, "%d objects, %d members: %.1fs, %.0f MiB, %.1f ms of a core for a change\n", objects, count, run.All, run.Peak, run.Change)
	profiled()
	if err := w.stop(); err != nil {
		return run, err
	}
	return run, w.unregister(ctx, members)
}

// grownChanges measures what a change costs, over what the controller manager does anyway.
func (b *propagationBench) grownChanges(ctx context.Context, w *world, made *changes, run *growthRun) error {
	before, err := w.running.Usage()
	if err != nil {
		return err
	}
	began := time.Now()
	o, err := made.run(ctx, growthRate, growthChanges*time.Second/growthRate, b.patience)
	if err != nil {
		return err
	}
	if o.lost > 0 {
		return fmt.Errorf("%d of %d changes are not everywhere after %s", o.lost, growthChanges, b.patience)
	}
	run.P50 = median(o.last).Seconds()
	if err := w.rest(ctx); err != nil {
		return err
	}
	after, err := w.running.Usage()
	if err != nil {
		return err
	}
	anyway := run.Idle / 100 * time.Since(began).Seconds()
	run.Change = max(0, 1000*((after.CPU-before.CPU).Seconds()-anyway)/growthChanges)
	w.extra += created(growthChanges)
	return nil
}

// busy is how much of a core the controller manager uses now, in percent.
func (w *world) busy(ctx context.Context, during time.Duration) (float64, error) {
	before, err := w.running.Usage()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := sleep(ctx, during); err != nil {
		return 0, err
	}
	after, err := w.running.Usage()
	return 100 * (after.CPU - before.CPU).Seconds() / time.Since(began).Seconds(), err
}
