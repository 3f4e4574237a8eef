package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
)

const (
	// floorPath is beside zonePath, and nobody looks at it.
	floorPath = "/floors/"
	// floorPuts is how many keys etcd takes in a transaction.
	floorPuts = 128
)

// allServices is what keys of names of all Services have in them.
const allServices = "svc"

// floor is how long it takes to write the keys straight that have the label, such as a namespace, in transactions as large as can be, one after the other or several
// at a time, whatever is faster.
func (z *zone) floor(ctx context.Context, label string) (seconds float64, transactions int, err error) {
	all, err := z.etcd.Get(ctx, zonePath, clientv3.WithPrefix())
	if err != nil {
		return 0, 0, fmt.Errorf("floor: %w", err)
	}
	puts := floorOps(all.Kvs, label)
	for _, writers := range []int{1, 4} {
		began := time.Now()
		err := z.put(ctx, puts, writers)
		took := time.Since(began).Seconds()
		if _, gone := z.etcd.Delete(ctx, floorPath, clientv3.WithPrefix()); err == nil {
			err = gone
		}
		if err != nil {
			return 0, 0, fmt.Errorf("floor: %w", err)
		}
		if seconds == 0 || took < seconds {
			seconds = took
		}
	}
	return seconds, len(puts), nil
}

// floorOps are the transactions that write what the names with the label have.
func floorOps(all []*mvccpb.KeyValue, label string) [][]clientv3.Op {
	var ops []clientv3.Op
	for _, kv := range all {
		if strings.Contains(string(kv.Key), "/"+label+"/") {
			ops = append(ops, clientv3.OpPut(floorPath+strings.TrimPrefix(string(kv.Key), zonePath), string(kv.Value)))
		}
	}
	return slices.Collect(slices.Chunk(ops, floorPuts))
}

func (z *zone) put(ctx context.Context, transactions [][]clientv3.Op, writers int) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(writers)
	for _, ops := range transactions {
		all.Go(func() error {
			_, err := z.etcd.Txn(ctx).Then(ops...).Commit()
			return err
		})
	}
	return all.Wait()
}

// floorAnswers is how long it takes from a write to etcd until CoreDNS' answer has it, for so many records.
func (z *zone) floorAnswers(ctx context.Context, records int) ([]time.Duration, error) {
	const under = zonePath + "test/bench/floor/"
	a, err := z.asker()
	if err != nil {
		return nil, err
	}
	defer a.close()
	took := make([]time.Duration, records)
	for i := range took {
		began := time.Now()
		if _, err := z.etcd.Put(ctx, fmt.Sprintf("%sr%d/x", under, i), `{"host":"192.0.2.1","ttl":60}`); err != nil {
			return nil, fmt.Errorf("floor: %w", err)
		}
		err := a.untilLeads(ctx, fmt.Sprintf("r%d.floor.%s", i, zoneName), "192.0.2.1", true)
		if err != nil {
			return nil, fmt.Errorf("floor: %w", err)
		}
		took[i] = time.Since(began)
	}
	_, err = z.etcd.Delete(ctx, under, clientv3.WithPrefix())
	return took, err
}
