package cluster

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// BenchmarkMembers measures a thousand members that are probed at the same moment, which jitter avoids: each has TLS connections of its
// own to a server in this process. One operation is one round: every member asked, every answer judged. The memory of a member is that
// of its Cluster and Secret in the fakes, and of both ends of its connection, too.
func BenchmarkMembers(b *testing.B) {
	const many = 1000
	names := make([]string, many)
	for i := range names {
		names[i] = fmt.Sprintf("member-%d", i)
	}
	member := newFakeMember(b)
	c := clocktesting.NewFakeClock(noon)
	before, routines := inUse(), runtime.NumGoroutine()

	begun := time.Now()
	f := newFixture(b, c, member, names...)
	for _, name := range names {
		eventually.Do(b, time.Minute, name+" to be Ready", func() error {
			if have, _ := f.reads(name); have != "True ClusterReady" {
				return fmt.Errorf("it is %q", have)
			}
			return nil
		})
	}
	took, memory, goroutines := time.Since(begun), float64(inUse())-float64(before), runtime.NumGoroutine()-routines

	round := func(expect int32) {
		eventually.Do(b, time.Minute, "a round of probes", func() error {
			if have := member.probes.Load(); have < expect {
				return fmt.Errorf("%d of %d", have, expect)
			}
			return nil
		})
	}
	for b.Loop() {
		expect := member.probes.Load() + many
		waitForTimers(b, c)
		c.Step(10 * time.Second)
		round(expect)
	}
	b.ReportMetric(took.Seconds(), "s-to-all-ready")
	b.ReportMetric(memory/many/1024, "KiB/member")
	b.ReportMetric(float64(goroutines)/many, "goroutines/member")
	f.stop()
}

// waitForTimers returns when every member waits for its next probe.
func waitForTimers(b *testing.B, c *clocktesting.FakeClock) {
	b.Helper()
	eventually.Do(b, time.Minute, "timers", func() error {
		if have := c.Waiters(); have < 1000 {
			return fmt.Errorf("%d of 1000", have)
		}
		return nil
	})
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
