package main

import (
	"context"
	"fmt"
	"os"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// rebuildRun is a start of the controller manager with members in sync and a zone that has lost everything.
type rebuildRun struct {
	Services int     `json:"services"`
	Names    int     `json:"names"`
	Keys     int     `json:"keys"`
	Written  float64 `json:"writtenSeconds"` // from the start of the process until etcd had the last record
	Answered float64 `json:"answeredSeconds"`
	Floor    float64 `json:"floorSeconds"` // that writing the same keys straight takes
	FloorTxn int     `json:"floorTransactions"`
	spent
}

// rebuild measures the making of all names at once, without the federation API's taking of the Services.
func (b *dnsBench) rebuild(ctx context.Context, n *named, results *dnsResults) error {
	if err := n.stop(); err != nil {
		return err
	}
	if _, err := n.zone.etcd.Delete(ctx, zonePath, clientv3.WithPrefix()); err != nil {
		return fmt.Errorf("empty the zone: %w", err)
	}
	if err := n.zone.holds(ctx, 0); err != nil {
		return err
	}
	before := moment{puts: n.zone.now().keys} // of the new process, which has done nothing yet
	if err := n.start(); err != nil {
		return err
	}
	ctx, cancel := n.whileRunning(ctx, b.limit)
	defer cancel()
	wanted := n.wanted(n.services)
	run := rebuildRun{Services: len(n.services), Names: len(wanted), Keys: keysOf(wanted)}
	if err := n.zone.holds(ctx, run.Keys); err != nil {
		return err
	}
	at, err := n.zone.answers(ctx, wanted, b.askers)
	if err != nil {
		return err
	}
	run.Written, run.Answered = at.written.Sub(n.running.Started).Seconds(), at.answered.Sub(n.running.Started).Seconds()
	if err := n.rest(ctx); err != nil {
		return err
	}
	if run.spent, err = n.spentSince(ctx, before); err != nil {
		return err
	}
	if run.Floor, run.FloorTxn, err = n.zone.floor(ctx, allServices); err != nil {
		return err
	}
	results.Rebuilt = &run
	fmt.Fprintf(os.Stderr, "rebuilt %d names in %.2fs, floor %.2fs; %.0f calls that write\n", run.Names, run.Written, run.Floor, run.Calls.Writes)
	return nil
}
