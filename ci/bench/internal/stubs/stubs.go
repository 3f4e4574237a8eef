// Package stubs has members that are simulated in this process: an API in memory each, at an address of its own, as far away as real ones are.
package stubs

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// Round trips of members, by which they differ: from the next rack to the other side of the world.
const (
	nearest  = 2 * time.Millisecond
	farthest = 150 * time.Millisecond
	// unsteady is the share of a round trip that it is longer by, on average; now and then by some times as much.
	unsteady = 0.2
	// settling is how long the controllers of a member take to report what they have done.
	settling = 200 * time.Millisecond
)

// Member is a simulated one.
type Member struct {
	*fakeapi.API
	*fakeapi.Server
	Name string
}

// Options of members.
type Options struct {
	Far  bool // they are at distances, rather than at none
	Seed uint64
	// Written is called when a client has written an object in the member of that number; may be nil.
	Written func(member int, k kinds.Kind, o fakeapi.Object)
	// Places are where the nodes of members are, by number. With them, members have load balancers: a Service has its Address at once, whatever
	// its type, and an EndpointSlice with one endpoint, which is ready until SetReady says otherwise.
	Places []Place
}

// Start starts so many members.
func Start(n int, o Options) []*Member {
	all, parsed := make([]*Member, n), &fakeapi.Parsed{}
	for i := range all {
		m := &Member{Name: fmt.Sprintf("member-%04d", i+1)}
		options := fakeapi.Options{Parsed: parsed, Controllers: func(k kinds.Kind, object fakeapi.Object) (json.RawMessage, time.Duration) {
			if k == serviceKind && o.Places != nil {
				return balanced(i, object), 0
			}
			return settle(k, object)
		}}
		if o.Far {
			options.Latency = distance(o.Seed, i)
		}
		options.Written = func(k kinds.Kind, object fakeapi.Object) {
			if k == serviceKind && o.Places != nil {
				m.give(object)
			}
			if o.Written != nil {
				o.Written(i, k, object)
			}
		}
		if o.Places != nil {
			options.Kinds = append(kinds.Default(), sliceKind)
		}
		m.API = fakeapi.New(options)
		if o.Places != nil {
			if err := m.settleAt(o.Places[i]); err != nil {
				panic(err) // nodes are served, and this is one
			}
		}
		m.Server = fakeapi.Serve(m.API)
		all[i] = m
	}
	return all
}

// Close ends members, and all connections to them.
func Close(all []*Member) {
	var every sync.WaitGroup
	for _, m := range all {
		every.Go(m.Close)
	}
	every.Wait()
}

// Wait returns when each member has so many objects, and says when the last one had.
func Wait(ctx context.Context, all []*Member, n int) (time.Time, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for done := 0; ; {
		for done < len(all) && all[done].Count() >= n {
			done++
		}
		if done == len(all) {
			return time.Now(), nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("%s has %d of %d objects: %w", all[done].Name, all[done].Count(), n, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// distance says how long each round trip to a member takes. Distances are spread evenly over orders of magnitude.
func distance(seed uint64, member int) func() time.Duration {
	r := rand.New(rand.NewPCG(seed, uint64(member))) //nolint:gosec // numbers, not secrets
	base := float64(nearest) * math.Pow(float64(farthest)/float64(nearest), r.Float64())
	var mu sync.Mutex
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(base * (1 + unsteady*r.ExpFloat64()))
	}
}

// settle is what the Deployment controller and the kubelets make of a Deployment: its pods are ready.
func settle(k kinds.Kind, o fakeapi.Object) (json.RawMessage, time.Duration) {
	if k.Kind != "Deployment" {
		return nil, 0
	}
	var body struct {
		Spec struct {
			Replicas *int32 `json:"replicas"`
		} `json:"spec"`
	}
	if json.Unmarshal(o.Body, &body) != nil {
		return nil, 0
	}
	replicas := int32(1)
	if body.Spec.Replicas != nil {
		replicas = *body.Spec.Replicas
	}
	return fmt.Appendf(nil, `{"observedGeneration":%d,"replicas":%[2]d,"updatedReplicas":%[2]d,"readyReplicas":%[2]d,"availableReplicas":%[2]d,`+
		`"conditions":[{"type":"Available","status":"True","reason":"MinimumReplicasAvailable"},{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable"}]}`,
		o.Generation, replicas), settling
}
