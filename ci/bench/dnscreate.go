package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// createRun is the creation of some Services at once.
type createRun struct {
	Services int     `json:"services"`
	Names    int     `json:"names"`
	Keys     int     `json:"keys"`              // of records and marks, in etcd
	Accepted float64 `json:"acceptedSeconds"`   // until the federation API had taken the last Service
	Copied   float64 `json:"copiedSeconds"`     // until the last copy was in a member, where it had its address at once
	Written  float64 `json:"writtenSeconds"`    // until etcd had the last record
	Answered float64 `json:"answeredSeconds"`   // until CoreDNS had answered all names right, which are asked for from Written on
	Floor    float64 `json:"floorSeconds"`      // that writing the same keys straight takes
	FloorTxn int     `json:"floorTransactions"` // in how many transactions
	spent            // until everything is at rest
}

func (b *dnsBench) create(ctx context.Context, n *named, results *dnsResults) error {
	for _, services := range b.services {
		limited, cancel := n.whileRunning(ctx, b.limit)
		run, err := b.createOnce(limited, n, services)
		cancel()
		if err != nil {
			return fmt.Errorf("%d Services: %w", services, err)
		}
		fmt.Fprintf(os.Stderr, "%d Services: all names after %.2fs, copies after %.2fs, floor %.2fs; %.0f calls that write\n",
			services, run.Written, run.Copied, run.Floor, run.Calls.Writes)
		results.Created = append(results.Created, run)
	}
	return nil
}

func (b *dnsBench) createOnce(ctx context.Context, n *named, count int) (run createRun, err error) {
	namespace := fmt.Sprintf("shop-%d", len(n.services))
	objects, names := servicesOf(namespace, count)
	if err := n.prepare(ctx, namespace); err != nil {
		return run, err
	}
	if err := n.rest(ctx); err != nil {
		return run, err
	}
	before, err := n.now(ctx)
	if err != nil {
		return run, err
	}
	wanted := n.wanted(names)
	run.Services, run.Names, run.Keys = count, len(wanted), keysOf(wanted)

	began := time.Now()
	if _, err := direct.Apply(ctx, []*rest.Config{n.api.Config}, objects, sourceWorkers); err != nil {
		return run, err
	}
	run.Accepted = time.Since(began).Seconds()
	n.services = append(n.services, names...)
	if err := n.zone.holds(ctx, keysOf(n.wanted(n.services))); err != nil {
		return run, err
	}
	at, err := n.zone.answers(ctx, wanted, b.askers)
	if err != nil {
		return run, err
	}
	run.Copied, run.Written, run.Answered = n.copies.lastNew().Sub(began).Seconds(), at.written.Sub(began).Seconds(), at.answered.Sub(began).Seconds()
	if err := n.rest(ctx); err != nil {
		return run, err
	}
	if run.spent, err = n.spentSince(ctx, before); err != nil {
		return run, err
	}
	run.Floor, run.FloorTxn, err = n.zone.floor(ctx, namespace)
	return run, err
}

// prepare makes a namespace, and returns when all members have it.
func (n *named) prepare(ctx context.Context, name string) error {
	k := kinds.Default()[0]
	body := fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, name)
	if _, err := direct.Apply(ctx, []*rest.Config{n.api.Config}, []workload.Object{{Kind: k, Name: name, Body: body}}, 1); err != nil {
		return err
	}
	for _, m := range n.members {
		for {
			if _, there := m.Get(k, "", name); there {
				break
			}
			if err := sleep(ctx, 10*time.Millisecond); err != nil {
				return fmt.Errorf("%s has no namespace %s: %w", m.Name, name, err)
			}
		}
	}
	return nil
}

// servicesOf are Services as applications have them, and their names.
func servicesOf(namespace string, count int) (objects []workload.Object, names []types.NamespacedName) {
	k := kinds.Kind{Version: "v1", Resource: "services", Kind: "Service", Namespaced: true}
	for i := range count {
		name := fmt.Sprintf("web-%04d", i+1)
		body, err := json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": k.Kind,
			"metadata": map[string]any{"namespace": namespace, "name": name, "labels": map[string]string{"app": name}},
			"spec": map[string]any{
				"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "selector": map[string]string{"app": name},
				"ports": []any{map[string]any{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}},
			},
		})
		if err != nil {
			panic(err) // strings, numbers, and maps and lists of them
		}
		objects = append(objects, workload.Object{Kind: k, Namespace: namespace, Name: name, Body: body})
		names = append(names, types.NamespacedName{Namespace: namespace, Name: name})
	}
	return objects, names
}
