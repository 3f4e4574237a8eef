package main

import (
	"context"

	"github.com/fedhelm/fedhelm/ci/bench/internal/manager"
)

// spent is what something has cost.
type spent struct {
	Calls calls   `json:"calls"`
	Puts  int     `json:"etcdWrites"` // keys put or deleted
	CPU   float64 `json:"cpuSeconds"` // of the controller manager
}

// calls are those to the DNS provider.
type calls struct {
	Writes float64 `json:"writes"` // transactions
	Reads  float64 `json:"reads"`  // pages of a listing
	Failed float64 `json:"failed"` // of both, also those that were stale
}

// moment is what was spent until then, since the controller manager's start.
type moment struct {
	calls calls
	usage manager.Usage
	puts  int
}

func (n *named) now(ctx context.Context) (m moment, err error) {
	const metric = "federation_dns_provider_requests_total"
	m.puts = n.zone.now().keys
	if m.usage, err = n.running.Usage(); err != nil {
		return m, err
	}
	made, err := n.running.By(ctx, metric, "call")
	if err != nil {
		return m, err
	}
	ended, err := n.running.By(ctx, metric, "code")
	m.calls = calls{Writes: made["Txn"], Reads: made["Range"], Failed: made["Txn"] + made["Range"] - ended["ok"]}
	return m, err
}

// spentSince is what was spent after a moment of the same controller manager.
func (n *named) spentSince(ctx context.Context, before moment) (spent, error) {
	now, err := n.now(ctx)
	return spent{
		Calls: calls{now.calls.Writes - before.calls.Writes, now.calls.Reads - before.calls.Reads, now.calls.Failed - before.calls.Failed},
		Puts:  now.puts - before.puts, CPU: (now.usage.CPU - before.usage.CPU).Seconds(),
	}, err
}
