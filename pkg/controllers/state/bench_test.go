package state

import (
	"fmt"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// BenchmarkChanged is what callers pay that tell of a change, of 100,000 objects in turn.
func BenchmarkChanged(b *testing.B) {
	keys := make([]delivery.Key, 100_000)
	for i := range keys {
		keys[i] = delivery.Key{Kind: "configmaps", Namespace: "default", Name: fmt.Sprint("settings-", i)}
	}
	w := New(Options{})
	defer w.queue.ShutDown()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Changed(keys[i%len(keys)])
	}
}

// BenchmarkCompose makes the state of a Deployment in 1,000 members.
func BenchmarkCompose(b *testing.B) {
	for _, members := range []int{2, 1000} {
		b.Run(fmt.Sprint("members=", members), func(b *testing.B) {
			s := Snapshot{Kind: deployments, Key: delivery.Key{Kind: deployments.ID(), Name: "web"}, Generation: 1}
			s.Share = shape.Share{Replicas: new(int32(3 * members))}
			for i := range members {
				s.Parts = append(s.Parts, Part{
					Member: fmt.Sprintf("m%04d", i), Selected: true, Reachable: true, Wanted: shape.Share{Replicas: new(int32(3))}, WantedHash: "h",
					Report: delivery.Report{State: delivery.Synced, Hash: "h", Copy: &delivery.Copy{Hash: "h", Generation: 1, Status: []byte(
						`{"observedGeneration":1,"replicas":3,"updatedReplicas":3,"readyReplicas":3,"availableReplicas":3,"conditions":[` +
							`{"type":"Available","status":"True","lastUpdateTime":"2026-01-01T10:00:00Z","lastTransitionTime":"2026-01-01T10:00:00Z","reason":"MinimumReplicasAvailable","message":"Deployment has minimum availability."},` +
							`{"type":"Progressing","status":"True","lastUpdateTime":"2026-01-01T10:00:00Z","lastTransitionTime":"2026-01-01T10:00:00Z","reason":"NewReplicaSetAvailable","message":"ReplicaSet has successfully progressed."}]}`)}},
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				if c, err := compose(&s, time.Unix(0, 0)); err != nil || c.nothing() {
					b.Fatalf("nothing %t, error %v", c.nothing(), err)
				}
			}
		})
	}
}
