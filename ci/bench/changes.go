package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// changeAnnotation, on a source and so on its copies, says by which change it was written last.
const changeAnnotation = "bench.fedhelm.io/change"

// changes are made in the federation, and seen in members.
type changes struct {
	client  dynamic.Interface
	objects []workload.Object // that are changed in turn
	members int
	first   int // number of the first change: no two of a federation have the same

	mu  sync.Mutex
	all []*change
}

// change is one of an object.
type change struct {
	due      time.Time                   // when it was to be made
	accepted atomic.Pointer[time.Time]   // when the federation API had answered
	seen     []atomic.Pointer[time.Time] // by member
	unseen   atomic.Int32                // members
	done     chan struct{}               // closed when all members have it
}

func newChanges(config *rest.Config, objects []workload.Object, members int) (*changes, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	c := &changes{client: client, members: members, first: int(time.Now().UnixMilli())}
	for _, o := range objects {
		if o.Kind.Namespaced {
			c.objects = append(c.objects, o)
		}
	}
	return c, nil
}

// saw is told of every write in a member.
func (c *changes) saw(member int, o fakeapi.Object) {
	number, err := strconv.Atoi(o.Annotations[changeAnnotation])
	if err != nil {
		return // the object was not changed yet
	}
	one := c.find(number - c.first)
	if one == nil {
		return
	}
	now := time.Now()
	if one.seen[member].CompareAndSwap(nil, &now) && one.unseen.Add(-1) == 0 {
		close(one.done)
	}
}

// find returns nil for a change that was made before.
func (c *changes) find(i int) *change {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.all) {
		return nil
	}
	return c.all[i]
}

// begin notes a change that is due.
func (c *changes) begin(due time.Time) (number int, one *change) {
	one = &change{due: due, seen: make([]atomic.Pointer[time.Time], c.members), done: make(chan struct{})}
	one.unseen.Store(int32(c.members)) //nolint:gosec // some thousand at most
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
	return c.first + len(c.all) - 1, one
}

// createdEvery says which changes create an object rather than change one.
const createdEvery = 5

// created is how many objects so many changes create, from the first on.
func created(changes int) int { return changes / createdEvery }

// make changes an object, or creates one.
func (c *changes) make(ctx context.Context, number int) error {
	o := c.objects[(number-c.first)%len(c.objects)]
	if (number-c.first)%createdEvery == createdEvery-1 {
		o := configMapOf(sources, fmt.Sprintf("created-%d", number))
		var whole map[string]any
		if err := json.Unmarshal(o.Body, &whole); err != nil {
			return err
		}
		whole["metadata"].(map[string]any)["annotations"] = map[string]any{changeAnnotation: strconv.Itoa(number)} //nolint:forcetypeassert // made there
		body, err := json.Marshal(whole)
		if err != nil {
			return err
		}
		_, err = c.client.Resource(o.Kind.GroupVersionResource()).Namespace(o.Namespace).
			Patch(ctx, o.Name, types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "bench", Force: new(true)})
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"%d"}}}`, changeAnnotation, number)
	_, err := c.client.Resource(o.Kind.GroupVersionResource()).Namespace(o.Namespace).Patch(ctx, o.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// outcome is what came of some changes.
type outcome struct {
	write []time.Duration // from when a change was due until the federation API had accepted it
	each  []time.Duration // from then until a member had it
	last  []time.Duration // from then until all members had it
	late  time.Duration   // from when the last change was due until all members had all
	lost  int             // changes that not all members had in time
}

// run makes changes at a rate for some time, then waits, but no longer than patience, until they are everywhere.
func (c *changes) run(ctx context.Context, rate float64, during, patience time.Duration) (o outcome, err error) {
	var made sync.WaitGroup
	var failure atomic.Pointer[error]
	began := time.Now()
	some := make([]*change, max(1, int(rate*during.Seconds())))
	for i := range some {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if err := sleep(ctx, time.Until(due)); err != nil {
			return o, err
		}
		number, one := c.begin(due)
		some[i] = one
		made.Go(func() {
			if err := c.make(ctx, number); err != nil {
				failure.CompareAndSwap(nil, &err)
			}
			now := time.Now()
			one.accepted.Store(&now)
		})
	}
	made.Wait()
	if err := failure.Load(); err != nil {
		return o, fmt.Errorf("change an object: %w", *err)
	}
	limit := time.After(patience)
	for _, one := range some {
		select {
		case <-ctx.Done():
			return o, context.Cause(ctx)
		case <-limit:
			o.lost++
			limit = time.After(0) // for the others as well
			continue
		case <-one.done:
		}
		accepted, slowest := *one.accepted.Load(), time.Duration(0)
		for i := range one.seen {
			// A copy can be there before the answer is: it took no time.
			took := max(0, one.seen[i].Load().Sub(accepted))
			o.each = append(o.each, took)
			slowest = max(slowest, took)
		}
		o.write, o.last = append(o.write, accepted.Sub(one.due)), append(o.last, slowest)
		o.late = max(o.late, accepted.Add(slowest).Sub(some[len(some)-1].due))
	}
	return o, nil
}

var configMapKind = kinds.Default()[1]

// configMapOf is a further object of the first namespace of a set.
func configMapOf(set workload.Set, name string) workload.Object {
	labels := map[string]string{"app.kubernetes.io/part-of": set.Prefix}
	for k, v := range set.Labels {
		labels[k] = v
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": configMapKind.Kind, "data": map[string]string{"name": name},
		"metadata": map[string]any{"namespace": set.Namespace(0), "name": name, "labels": labels},
	})
	if err != nil {
		panic(err) // strings, and maps of them
	}
	return workload.Object{Kind: configMapKind, Namespace: set.Namespace(0), Name: name, Body: body}
}
