package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// dnsRestartRun is a start of the controller manager with a zone that is as it should be.
type dnsRestartRun struct {
	Services int     `json:"services"`
	Keys     int     `json:"keys"`
	Rest     float64 `json:"restSeconds"`
	Peak     float64 `json:"peakMiB"`
	spent
}

func (b *dnsBench) restart(ctx context.Context, n *named, results *dnsResults) error {
	before := moment{puts: n.zone.now().keys} // of the new process, which has done nothing yet
	if err := n.stop(); err != nil {
		return err
	}
	if err := n.start(); err != nil {
		return err
	}
	ctx, cancel := n.whileRunning(ctx, b.limit)
	defer cancel()
	run := dnsRestartRun{Services: len(n.services), Keys: keysOf(n.wanted(n.services))}
	if err := n.listed(ctx); err != nil {
		return err
	}
	if err := n.rest(ctx); err != nil {
		return err
	}
	run.Rest = (time.Since(n.running.Started) - restPeriod).Seconds()
	usage, err := n.running.Usage()
	if err != nil {
		return err
	}
	run.Peak = mebibytes(usage.Peak)
	if run.spent, err = n.spentSince(ctx, before); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "restart with %d keys: %d written, %.0f calls that write, %.0f that read\n", run.Keys, run.Puts, run.Calls.Writes, run.Calls.Reads)
	results.Restart = &run
	_, err = n.zone.answers(ctx, n.wanted(n.services), b.askers)
	return err
}

// listed returns when the controller manager knows what the zone has, and all members answer it.
func (n *named) listed(ctx context.Context) error {
	ctx, cancel := n.whileRunning(ctx, time.Minute)
	defer cancel()
	for {
		sums, err := n.running.Sums(ctx)
		if err == nil && sums["federation_dns_zone_ready"] == 1 {
			return n.ready(ctx)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("the zone is not kept: %w", err)
		}
	}
}
