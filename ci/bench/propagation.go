package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// propagationBench measures how objects come into members.
type propagationBench struct {
	partsBench

	profiles       string
	profileSeconds int

	members list[string] // kubeconfig contexts, for cold, restart and idle
	objects list[int]
	runs    int
	idleFor time.Duration

	far         int // members of latency
	pool        int
	rate        float64
	highestRate float64
	latencyFor  time.Duration
	stepFor     time.Duration
	patience    time.Duration

	memberCounts list[int]
	atObjects    int
	objectCounts list[int]
	atMembers    int
	growthIdle   time.Duration
}

// The parts, in the order in which they are measured. The first three are of real members, the others of simulated ones.
var (
	realParts      = []string{"cold", "restart", "idle"}
	simulatedParts = []string{"latency", "growth"}
)

func (b *propagationBench) choose(part string) error {
	return b.partsBench.choose(part, "the propagation", slices.Concat(realParts, simulatedParts))
}

func (b *propagationBench) flags(f *flag.FlagSet) {
	b.partsBench.flags(f, "propagation")
	f.StringVar(&b.profiles, "profiles", "", "directory for profiles of the controller manager; none if empty")
	f.IntVar(&b.profileSeconds, "profile-seconds", 20, "how long the controller manager's time is profiled, from its start")

	b.members, b.objects = list[string]{"rohan", "arnor"}, list[int]{1000}
	f.Var(&b.members, "members", "cold, restart, idle: kubeconfig contexts of the members")
	f.Var(&b.objects, "objects", "cold: numbers of objects; restart and idle use the largest")
	f.IntVar(&b.runs, "runs", 3, "cold, restart: how often each is measured; the median counts")
	f.DurationVar(&b.idleFor, "idle", time.Minute, "idle: for how long")

	f.IntVar(&b.far, "latency-members", 100, "latency: simulated members, at distances")
	f.IntVar(&b.pool, "latency-objects", 1000, "latency: objects that are changed in turn")
	f.Float64Var(&b.rate, "rate", 10, "latency: changes a second at first")
	f.Float64Var(&b.highestRate, "highest-rate", 640, "latency: the rate that is not doubled any more")
	f.DurationVar(&b.latencyFor, "latency-time", time.Minute, "latency: how long the first rate is kept")
	f.DurationVar(&b.stepFor, "latency-step", 20*time.Second, "latency: how long the others are")
	f.DurationVar(&b.patience, "patience", 30*time.Second, "latency, growth: how long a change is waited for")

	b.memberCounts, b.objectCounts = list[int]{2, 10, 100}, list[int]{1000, 10_000}
	f.Var(&b.memberCounts, "growth-members", "growth: numbers of simulated members")
	f.IntVar(&b.atObjects, "growth-at-objects", 1000, "growth: objects, while the number of members grows")
	f.Var(&b.objectCounts, "growth-objects", "growth: numbers of objects")
	f.IntVar(&b.atMembers, "growth-at-members", 2, "growth: simulated members, while the number of objects grows")
	f.DurationVar(&b.growthIdle, "growth-idle", 10*time.Second, "growth: how long each size is watched while nothing is to do")
}

func (b *propagationBench) run(ctx context.Context) (err error) {
	for _, dir := range []string{b.out, b.profiles} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	results := propagationResults{Machine: machine()}
	// What was measured until something failed is worth reporting.
	defer func() { err = errors.Join(err, b.report(results)) }()
	if b.any(realParts) {
		if err := b.onRealMembers(ctx, &results); err != nil {
			return err
		}
	}
	if b.any(simulatedParts) {
		return b.onSimulatedMembers(ctx, &results)
	}
	return nil
}

func (b *propagationBench) any(parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(b.parts, part) })
}

func (b *propagationBench) onRealMembers(ctx context.Context, results *propagationResults) (err error) {
	b.namespace = "fedhelm-bench-propagation"
	w, err := newWorld(ctx, b.bench)
	defer func() { err = errors.Join(err, w.end(ctx)) }()
	if err != nil {
		return err
	}
	members, err := w.joinAll(ctx, b.members)
	// Runs before end, for a controller manager that runs would make again what is cleared away.
	defer func() { err = errors.Join(err, w.stop(), w.leaveAll(ctx, members)) }()
	if err != nil {
		return err
	}
	if err := b.takeOver(ctx, w); err != nil {
		return err
	}
	slices.Sort(b.objects)
	if slices.Contains(b.parts, "cold") {
		for _, n := range b.objects {
			run, err := b.cold(ctx, w, members, n)
			results.Cold = append(results.Cold, run)
			if err != nil {
				return fmt.Errorf("cold start with %d objects: %w", n, err)
			}
		}
	} else if err := b.sync(ctx, w, members); err != nil {
		return err
	}
	if slices.Contains(b.parts, "restart") {
		for range b.runs {
			run, err := b.restart(ctx, w, members)
			if err != nil {
				return fmt.Errorf("restart: %w", err)
			}
			results.Restart = append(results.Restart, run)
		}
	}
	if slices.Contains(b.parts, "idle") {
		run, err := b.idle(ctx, w)
		if err != nil {
			return fmt.Errorf("idle: %w", err)
		}
		results.Idle = &run
	}
	return nil
}

func (b *propagationBench) onSimulatedMembers(ctx context.Context, results *propagationResults) error {
	for _, part := range simulatedParts {
		if !slices.Contains(b.parts, part) {
			continue
		}
		if err := b.simulated(ctx, part, results); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}

func (b *propagationBench) simulated(ctx context.Context, part string, results *propagationResults) (err error) {
	b.namespace = "fedhelm-bench-" + part
	w, err := newWorld(ctx, b.bench)
	defer func() { err = errors.Join(err, w.end(ctx)) }()
	if err != nil {
		return err
	}
	if err := b.takeOver(ctx, w); err != nil {
		return err
	}
	if part == "latency" {
		result, err := b.latency(ctx, w)
		results.Latency = &result
		return err
	}
	result, err := b.growth(ctx, w)
	results.Growth = &result
	return err
}

func (b *propagationBench) takeOver(ctx context.Context, w *world) error {
	return w.takeOver(ctx, filepath.Join(b.fedhelm, "federation-controller-manager"), b.managerFlags)
}
