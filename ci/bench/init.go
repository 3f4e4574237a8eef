package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// initBench measures `fedhelm init`, from nothing to nothing.
type initBench struct {
	bench
	runs    int
	idle    time.Duration
	testbed string
}

func (b *initBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.runs, "runs", 5, "how often each is measured; the median counts")
	f.DurationVar(&b.idle, "idle", 30*time.Second, "how long the idle control plane is watched for its memory")
	f.StringVar(&b.testbed, "testbed", "ci/testbed", "directory of the test bed, which measures the floor")
}

// inited is one run.
type inited struct {
	floor time.Duration
	total time.Duration // from the start of init until kubectl has listed the namespaces
	steps []step
}

func (b *initBench) run(ctx context.Context) error {
	bed := filepath.Join(b.dir, "testbed")
	build := exec.CommandContext(ctx, "go", "build", "-o", bed, ".")
	build.Dir = b.testbed
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the test bed's program: %w\n%s", err, out)
	}
	var all []inited
	var peak memory
	for i := range b.runs {
		// A name that the host's DNS was asked for in vain, by the federation that was on its way out, would not be found for a while.
		b.namespace = fmt.Sprintf("fedhelm-bench-%d", i+1)
		m, used, err := b.once(ctx, bed, i == b.runs-1)
		if err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
		fmt.Fprintf(os.Stderr, "run %d of %d: floor %.1fs, init %.1fs\n", i+1, b.runs, m.floor.Seconds(), m.total.Seconds())
		all, peak = append(all, m), used
	}
	return reportInit(os.Stdout, all, peak)
}

// once measures the floor and one init.
func (b *initBench) once(ctx context.Context, bed string, watchMemory bool) (m inited, used memory, err error) {
	if m.floor, err = b.measureFloor(ctx, bed); err != nil {
		return m, used, err
	}
	defer func() { err = errors.Join(err, b.remove(ctx)) }()
	start := time.Now()
	said, err := b.call(ctx, "init", federationName)
	if err != nil {
		return m, used, err
	}
	if _, err := b.kubectl(ctx, federationName, "get", "namespaces"); err != nil {
		return m, used, err
	}
	m.total = time.Since(start)
	m.steps = parseSteps(strings.ReplaceAll(said, " "+b.namespace, ""))
	if watchMemory {
		used, err = b.watchMemory(ctx, b.idle)
	}
	return m, used, err
}

func (b *initBench) measureFloor(ctx context.Context, bed string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, bed, "floor")
	cmd.Dir = b.testbed
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("measure the floor: %w", err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return 0, fmt.Errorf("measure the floor: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
