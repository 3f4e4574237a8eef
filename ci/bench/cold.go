package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fedhelm/fedhelm/ci/bench/internal/arrivals"
	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
)

// trial is how many objects the number of the floor's workers is found with.
const trial = 300

// coldRun is one start of the controller manager with sources and empty members, and the floor just before.
type coldRun struct {
	Floor    float64 `json:"floorSeconds"`
	First    float64 `json:"firstSeconds"` // from the start of the process until the first copy is there
	All      float64 `json:"allSeconds"`   // until the last one is
	CPU      float64 `json:"cpuSeconds"`   // of the controller manager, until everything is at rest
	Peak     float64 `json:"peakMiB"`
	Requests float64 `json:"requests"` // to members
}

// coldResult is of runs with the same number of objects.
type coldResult struct {
	Objects int       `json:"objects"`
	Members int       `json:"members"`
	Workers int       `json:"floorWorkers"`
	Runs    []coldRun `json:"runs"`
}

// cold measures how long it takes until all objects are in the members. The last run's copies stay, and the controller manager runs.
func (b *propagationBench) cold(ctx context.Context, w *world, members []realMember, objects int) (coldResult, error) {
	result := coldResult{Objects: objects, Members: len(members)}
	var err error
	if result.Workers, err = b.floorWorkers(ctx, members); err != nil {
		return result, err
	}
	if err := w.give(ctx, objects); err != nil {
		return result, err
	}
	for i := range b.runs {
		if err := w.stop(); err != nil {
			return result, err
		}
		if err := clearAll(ctx, members, workloadPrefix); err != nil {
			return result, err
		}
		run, err := b.coldOnce(ctx, w, members, objects, result.Workers)
		if err != nil {
			return result, fmt.Errorf("run %d: %w", i+1, err)
		}
		fmt.Fprintf(os.Stderr, "cold start with %d objects, run %d of %d: %.1fs, floor %.1fs, %.0f MiB\n", objects, i+1, b.runs, run.All, run.Floor, run.Peak)
		result.Runs = append(result.Runs, run)
	}
	return result, nil
}

func (b *propagationBench) coldOnce(ctx context.Context, w *world, members []realMember, objects, workers int) (run coldRun, err error) {
	if run.Floor, err = floor(ctx, members, objects, workers); err != nil {
		return run, err
	}
	watch, err := arrivals.Open(ctx, configs(members), workloadKinds(), copySelector+",!new")
	if err != nil {
		return run, err
	}
	defer watch.Close()
	if err := w.start(); err != nil {
		return run, err
	}
	defer b.profile(ctx, w.running, fmt.Sprintf("cold-%d", objects))()
	limited, cancel := w.whileRunning(ctx, b.limit)
	defer cancel()
	if err := watch.Wait(limited, objects*len(members)); err != nil {
		return run, err
	}
	_, first, last := watch.Count()
	run.First, run.All = first.Sub(w.running.Started).Seconds(), last.Sub(w.running.Started).Seconds()
	if err := w.rest(limited); err != nil {
		return run, err
	}
	usage, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	run.CPU, run.Peak = usage.CPU.Seconds(), mebibytes(usage.Peak)
	sums, err := w.running.Sums(ctx)
	run.Requests = sums["federation_delivery_requests_total"]
	return run, err
}

// floorPrefix begins the names of the floor's namespaces.
const floorPrefix = workloadPrefix + "floor"

// floorWorkers finds how many workers the floor is fastest with.
func (b *propagationBench) floorWorkers(ctx context.Context, members []realMember) (best int, err error) {
	least := time.Duration(0)
	for _, workers := range []int{8, 16, 32, 64} {
		set := workload.Set{Prefix: fmt.Sprintf("%s-%d", floorPrefix, workers), Seed: sources.Seed}
		took, err := direct.Apply(ctx, configs(members), set.Objects(trial), workers)
		if err != nil {
			return 0, fmt.Errorf("floor: %w", err)
		}
		if best == 0 || took < least {
			best, least = workers, took
		}
	}
	return best, clearAll(ctx, members, floorPrefix)
}

// floor is how many seconds it takes to apply the objects straight to the members. They are taken out again.
func floor(ctx context.Context, members []realMember, objects, workers int) (float64, error) {
	set := workload.Set{Prefix: floorPrefix, Seed: sources.Seed}
	took, err := direct.Apply(ctx, configs(members), set.Objects(objects), workers)
	if err != nil {
		return 0, fmt.Errorf("floor: %w", err)
	}
	return took.Seconds(), clearAll(ctx, members, floorPrefix)
}

// restPeriod is how long nothing may happen until everything counts as being at rest. What is said of objects may wait for three seconds after the
// last work of members.
const restPeriod = 5 * time.Second

// rest returns when the controller manager has nothing to do any more.
func (w *world) rest(ctx context.Context) error {
	const busy = 0.15 // of a core
	before, err := w.running.Usage()
	for err == nil {
		if err = sleep(ctx, restPeriod); err != nil {
			return fmt.Errorf("the controller manager does not come to rest: %w", err)
		}
		now, failed := w.running.Usage()
		if failed == nil && (now.CPU-before.CPU).Seconds() < busy*restPeriod.Seconds() {
			return nil
		}
		before, err = now, failed
	}
	return err
}

// profile writes profiles of the controller manager, if they are wanted: of its time from now on, and of its memory when done is called.
func (b *propagationBench) profile(ctx context.Context, p cpuAndHeap, name string) (done func()) {
	if b.profiles == "" {
		return func() {}
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		// The process may take a moment to serve profiles.
		for range 20 {
			err := p.CPUProfile(ctx, filepath.Join(b.profiles, name+".cpu"), b.profileSeconds)
			if err == nil || sleep(ctx, 100*time.Millisecond) != nil {
				return
			}
		}
		fmt.Fprintf(os.Stderr, "no profile of the time was to be had\n")
	}()
	return func() {
		for _, kind := range []string{"heap", "goroutine"} {
			if err := p.Profile(ctx, kind, filepath.Join(b.profiles, name+"."+kind)); err != nil {
				fmt.Fprintf(os.Stderr, "no profile %q: %v\n", kind, err)
			}
		}
		<-finished
	}
}

type cpuAndHeap interface {
	CPUProfile(ctx context.Context, path string, seconds int) error
	Profile(ctx context.Context, kind, path string) error
}

// sync brings the members in line with the most objects, without measuring anything.
func (b *propagationBench) sync(ctx context.Context, w *world, members []realMember) error {
	objects := b.objects[len(b.objects)-1]
	if err := w.give(ctx, objects); err != nil {
		return err
	}
	watch, err := arrivals.Open(ctx, configs(members), workloadKinds(), copySelector+",!new")
	if err != nil {
		return err
	}
	defer watch.Close()
	if err := w.start(); err != nil {
		return err
	}
	limited, cancel := w.whileRunning(ctx, b.limit)
	defer cancel()
	return watch.Wait(limited, objects*len(members))
}
