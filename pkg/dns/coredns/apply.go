package coredns

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// maxOps is how many comparisons, and how many operations, a transaction may have unless etcd is told otherwise (--max-txn-ops).
const maxOps = 128

// maxRounds is how often a unit is tried on what was just read. More than one is needed only when others write at the same moment.
const maxRounds = 4

// Apply implements dns.Provider. Units share transactions. The first is tried in the belief that etcd holds exactly what this package would have
// written for what the units say of before, which costs no reading. If that is not so, the same call tells what is there: units that are stale
// fail, and the others are tried again on what was read.
func (p *Provider) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	failed := map[string]error{}
	var pending []*attempt
	for _, unit := range units {
		a, err := p.layout.guess(zone, unit)
		if err != nil {
			failed[unit.Name] = err
			continue
		}
		pending = append(pending, a)
	}
	for range maxRounds {
		var again []*attempt
		for len(pending) > 0 {
			var batch []*attempt
			batch, pending = cut(pending)
			read, err := p.commit(ctx, batch)
			if err != nil {
				return fmt.Errorf("change zone %q: %w", zone.Name, err)
			}
			for _, a := range read {
				if err := a.check(); err != nil {
					failed[a.unit.Name] = err
					continue
				}
				again = append(again, a)
			}
		}
		pending = again
	}
	for _, a := range pending {
		failed[a.unit.Name] = dns.ErrStale
	}
	if len(failed) > 0 {
		return &dns.UnitErrors{Failed: failed}
	}
	return nil
}

// cut takes from the front what fits into a transaction.
func cut(pending []*attempt) (batch, rest []*attempt) {
	size := 0
	for i, a := range pending {
		if size += a.size(); i > 0 && size > maxOps {
			return pending[:i], pending[i:]
		}
	}
	return pending, nil
}

// commit makes all units of a batch or none. If none, it returns them all, and they know what is there.
func (p *Provider) commit(ctx context.Context, batch []*attempt) ([]*attempt, error) {
	var compares []clientv3.Cmp
	var changes, looks []clientv3.Op
	for _, a := range batch {
		compares = append(compares, a.ifs...)
		changes = append(changes, a.then...)
		looks = append(looks, a.looks()...)
	}
	var response *clientv3.TxnResponse
	err := p.etcd.do(ctx, "Txn", func(ctx context.Context, kv clientv3.KV) (err error) {
		response, err = kv.Txn(ctx).If(compares...).Then(changes...).Else(looks...).Commit()
		return err
	})
	if err != nil || response.Succeeded {
		return nil, err
	}
	for i, a := range batch {
		exact, below := response.Responses[2*i].GetResponseRange(), response.Responses[2*i+1].GetResponseRange()
		a.see(exact.Kvs, below.Kvs, response.Header.Revision)
	}
	return batch, nil
}
