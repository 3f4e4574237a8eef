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

// dnsBench measures how Services get names, and how names follow what happens in members. The members are simulated; the federation API, the
// controller manager, etcd and CoreDNS are real.
type dnsBench struct {
	partsBench

	members  int
	services list[int]

	askers    int
	grace     time.Duration
	flips     int
	flipRate  float64
	patience  time.Duration
	floorAsks int
}

// dnsParts are in the order in which they are measured. The first makes what the others need.
var dnsParts = []string{"create", "flip", "drain", "restart", "rebuild", "lose"}

func (b *dnsBench) choose(part string) error {
	return b.partsBench.choose(part, "DNS", dnsParts)
}

func (b *dnsBench) flags(f *flag.FlagSet) {
	b.partsBench.flags(f, "dns")
	f.IntVar(&b.members, "members", 10, "simulated members: each is a zone, and each two a region")
	b.services = list[int]{1, 100, 1000}
	f.Var(&b.services, "services", "create: how many Services are created at once; all of them are there for the other parts")
	f.IntVar(&b.askers, "askers", 4, "questions to CoreDNS at a time, while all names are asked for")
	f.DurationVar(&b.grace, "offline-grace", 5*time.Second, "lose: --dns-offline-grace of the controller manager")
	f.IntVar(&b.flips, "flips", 200, "flip: how often an endpoint becomes ready, or is not any more")
	f.Float64Var(&b.flipRate, "flip-rate", 5, "flip: how many of them a second")
	f.DurationVar(&b.patience, "patience", 30*time.Second, "flip: how long an answer is waited for")
	f.IntVar(&b.floorAsks, "floor-flips", 100, "flip: how many records the floor writes")
}

func (b *dnsBench) run(ctx context.Context) (err error) {
	if b.members > maxMembers {
		return fmt.Errorf("--members=%d: at most %d have addresses of their own", b.members, maxMembers)
	}
	if b.out != "" {
		if err := os.MkdirAll(b.out, 0o750); err != nil {
			return err
		}
	}
	results := dnsResults{Machine: machine(), Members: b.members}
	// What was measured until something failed is worth reporting.
	defer func() { err = errors.Join(err, b.report(results)) }()
	z, err := startZone(ctx, b.dir)
	if err != nil {
		return fmt.Errorf("etcd and CoreDNS: %w", err)
	}
	defer z.close()
	b.namespace = "fedhelm-bench-dns"
	w, err := newWorld(ctx, b.bench)
	defer func() { err = errors.Join(err, w.end(ctx)) }()
	if err != nil {
		return err
	}
	config, err := z.configure(b.dir)
	if err != nil {
		return err
	}
	if err := w.takeOver(ctx, filepath.Join(b.fedhelm, "federation-controller-manager"), slices.Concat([]string{
		"--dns-provider=coredns", "--zone-name=" + zoneName, "--dns-provider-config=" + config, "--dns-offline-grace=" + b.grace.String(),
	}, b.managerFlags)); err != nil {
		return err
	}
	named, err := newNamed(ctx, w, z, b.members)
	defer func() { err = errors.Join(err, named.end(ctx)) }()
	if err != nil {
		return err
	}
	return b.measure(ctx, named, &results)
}

func (b *dnsBench) measure(ctx context.Context, n *named, results *dnsResults) error {
	parts := map[string]func(context.Context, *named, *dnsResults) error{
		"flip": b.flip, "drain": b.drain, "restart": b.restart, "rebuild": b.rebuild, "lose": b.lose,
	}
	if err := b.create(ctx, n, results); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	for _, part := range dnsParts {
		measure := parts[part]
		if measure == nil || !slices.Contains(b.parts, part) {
			continue
		}
		if err := measure(ctx, n, results); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}
