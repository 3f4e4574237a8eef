package propagation

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// idle is an Agent that does nothing.
type idle struct{ fakeAgent }

func (*idle) Want(delivery.Key, delivery.Priority) {}

// benchmarked has so many members, and no sources.
func benchmarked(b *testing.B, members int) *Controller {
	b.Helper()
	c, err := New(Options{
		Federation: "fellowship", API: &rest.Config{Host: "https://127.0.0.1:1"}, Changed: func(delivery.Key) {},
		Ledger: ledger.New(fake.NewClientset().CoreV1().ConfigMaps(ledger.Namespace)),
	})
	if err != nil {
		b.Fatal(err)
	}
	c.marks = shape.Marks{Federation: "fellowship", FederationUID: "federation-uid"}
	for _, k := range kinds.Default() {
		c.sources.open(k)
		c.sources.settle(k.ID(), nil)
	}
	var fleet []member
	for i := range members {
		m := member{name: fmt.Sprintf("member-%04d", i), proven: true, ready: true}
		m.labels = map[string]string{"name": m.name}
		fleet = append(fleet, m)
		c.posts.set(m.name, &post{name: m.name, agent: &idle{}})
	}
	c.fleet.Store(newFleet(fleet))
	c.counted.Store(true)
	return c
}

// BenchmarkEvent is a change of a source that goes to all members.
func BenchmarkEvent(b *testing.B) {
	for _, members := range []int{2, 100, 1000} {
		b.Run(fmt.Sprintf("%d members", members), func(b *testing.B) {
			c := benchmarked(b, members)
			for i := range b.N {
				c.saw(read(configMaps, object("motto", saying(fmt.Sprint(i))), c.marks, noon), false)
			}
		})
	}
}

// BenchmarkWish is asked for each key of each member.
func BenchmarkWish(b *testing.B) {
	c := benchmarked(b, 1000)
	o := object("motto", selecting("member-0001", "member-0999"))
	c.saw(read(configMaps, o, c.marks, noon), false)
	key := keyOf(configMaps, "shop", "motto")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if c.wish("member-0001", key).Action != delivery.Present {
				b.Fatal("not present")
			}
		}
	})
}

// BenchmarkMemory is what a source takes, without a body to speak of.
func BenchmarkMemory(b *testing.B) {
	c := benchmarked(b, 1000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range b.N {
		s := read(configMaps, object(fmt.Sprintf("motto-%d", i)), c.marks, noon)
		if _, _, ok := c.sources.put(s); !ok {
			b.Fatal("not stored")
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/source")
	runtime.KeepAlive(c)
}

// BenchmarkPlan divides a Deployment among all members.
func BenchmarkPlan(b *testing.B) {
	for _, members := range []int{2, 100, 1000} {
		b.Run(fmt.Sprintf("%d members", members), func(b *testing.B) {
			c := benchmarked(b, members)
			o := object("web")
			o.Object["spec"] = map[string]any{"replicas": int64(members * 3)}
			o.Object["kind"], o.Object["apiVersion"] = "Deployment", "apps/v1"
			s := read(deployments, o, c.marks, noon)
			c.saw(s, false)
			for b.Loop() {
				c.draw(deployments, s, c.plans.get(s.key))
			}
		})
	}
}

// settledAgent is that of a member that has everything.
type settledAgent struct {
	idle
	sources *sources
}

func (a *settledAgent) Report(k delivery.Key) delivery.Report {
	s, _ := a.sources.get(k)
	return delivery.Report{State: delivery.Synced, Hash: s.hash, Copy: &delivery.Copy{Hash: s.hash}}
}

// BenchmarkMemberGoes is that one of a hundred members is not ready any more, with what is looked at because of it.
func BenchmarkMemberGoes(b *testing.B) {
	c := benchmarked(b, 100)
	for name := range c.posts.list() {
		c.posts.set(name, &post{name: name, agent: &settledAgent{sources: c.sources}})
	}
	var told []delivery.Key
	c.o.Changed = func(k delivery.Key) { told = append(told, k) }
	var kind kinds.Kind
	for _, k := range kinds.Default() {
		if k.ID() == "services" {
			kind = k
		}
	}
	for i := range 10_000 {
		o := object(fmt.Sprintf("service-%d", i))
		o.Object["kind"] = "Service"
		delete(o.Object, "data")
		c.saw(read(kind, o, c.marks, noon), false)
	}
	before := c.fleet.Load()
	members := slices.Clone(before.members)
	members[0].ready = false
	c.fleet.Store(newFleet(members))
	b.ResetTimer()
	for range b.N {
		told = told[:0]
		c.follow(b.Context(), before, c.fleet.Load(), compare(before, c.fleet.Load()), nil)
		for _, k := range told {
			if _, ok := c.Snapshot(k); !ok {
				b.Fatal("nothing is known")
			}
		}
	}
	b.ReportMetric(float64(len(told)), "snapshots")
}
