package main

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/arrivals"
	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// restartRun is a start of the controller manager with everything in sync.
type restartRun struct {
	Copies         int     `json:"copies"`
	CopiesWritten  int     `json:"copiesWritten"`
	SourcesWritten int     `json:"sourcesWritten"`
	Writes         float64 `json:"writes"`  // that the members' API servers counted, but for those of new objects
	NewMax         float64 `json:"newMax"`  // seconds until a new object was in all members, at worst
	NewHalf        float64 `json:"newHalf"` // the median
	Rest           float64 `json:"restSeconds"`
	CPU            float64 `json:"cpuSeconds"`
	Peak           float64 `json:"peakMiB"`
}

// New objects that come while the others are looked at again: the first with the start of the process.
const (
	newcomers     = 12
	newcomerPause = 400 * time.Millisecond
)

// restart measures what a restart does to members in sync, and how long new objects wait for it.
func (b *propagationBench) restart(ctx context.Context, w *world, members []realMember) (run restartRun, err error) {
	if w.running == nil {
		if err := w.start(); err != nil {
			return run, err
		}
	}
	limited, cancel := w.whileRunning(ctx, b.limit)
	defer cancel()
	if err := w.rest(limited); err != nil {
		return run, err
	}
	before, err := untilSame(limited, w, members)
	if err != nil {
		return run, err
	}
	if err := w.stop(); err != nil {
		return run, err
	}
	if err := w.start(); err != nil {
		return run, err
	}
	defer b.profile(ctx, w.running, "restart")()
	limited, cancelSecond := w.whileRunning(ctx, b.limit)
	defer cancelSecond()
	waits, err := newObjects(limited, w, members)
	if err != nil {
		return run, err
	}
	if err := w.rest(limited); err != nil {
		return run, err
	}
	run.Rest = (time.Since(w.running.Started) - restPeriod).Seconds()
	usage, err := w.running.Usage()
	if err != nil {
		return run, err
	}
	run.CPU, run.Peak = usage.CPU.Seconds(), mebibytes(usage.Peak)
	run.NewHalf, run.NewMax = median(waits).Seconds(), maximum(waits).Seconds()
	after, err := standing(ctx, w, members)
	if err != nil {
		return run, err
	}
	for i := range before.copies {
		run.Copies += len(before.copies[i])
		run.CopiesWritten += tell("copies in "+members[i].name, changed(before.copies[i], after.copies[i]))
		run.Writes += more(before.writes[i], after.writes[i])
	}
	run.SourcesWritten = tell("sources", changed(before.sources, after.sources))
	run.Writes -= float64(newcomers * len(members))
	fmt.Fprintf(os.Stderr, "restart with %d copies: %d written, new objects after %.2fs at worst\n", run.Copies, run.CopiesWritten, run.NewMax)
	return run, nil
}

// tell says which objects were written although they should not have been, and how many they are.
func tell(what string, written []string) int {
	if len(written) > 0 {
		fmt.Fprintf(os.Stderr, "written %s: %d, such as %s\n", what, len(written), written[0])
	}
	return len(written)
}

// newObjects creates objects one after the other, and returns how long each took to be in all members.
func newObjects(ctx context.Context, w *world, members []realMember) ([]time.Duration, error) {
	watch, err := arrivals.Open(ctx, configs(members), []kinds.Kind{configMapKind}, copySelector+",new=true")
	if err != nil {
		return nil, err
	}
	defer watch.Close()
	set := workload.Set{Prefix: sources.Prefix, Labels: map[string]string{"new": "true"}}
	run, began := time.Now().Unix(), make([]time.Time, newcomers)
	name := func(i int) string { return fmt.Sprintf("new-%d-%d", run, i) }
	for i := range newcomers {
		began[i] = time.Now()
		object := configMapOf(set, name(i))
		if _, err := direct.Apply(ctx, []*rest.Config{w.api.Config}, []workload.Object{object}, 1); err != nil {
			return nil, err
		}
		if err := sleep(ctx, newcomerPause); err != nil {
			return nil, err
		}
	}
	waits := make([]time.Duration, newcomers)
	for i := range waits {
		at, err := watch.WaitNamed(ctx, name(i), len(members))
		if err != nil {
			return nil, err
		}
		waits[i] = at.Sub(began[i])
	}
	return waits, nil
}

// atRest is what must be the same after a restart.
type atRest struct {
	copies  []map[string]string  // by member
	writes  []map[string]float64 // by member
	sources map[string]string
}

// untilSame returns when nothing has been written for some time: the members' own controllers may have been behind.
func untilSame(ctx context.Context, w *world, members []realMember) (atRest, error) {
	for before := (atRest{}); ; {
		now, err := standing(ctx, w, members)
		if err != nil || reflect.DeepEqual(before, now) {
			return now, err
		}
		before = now
		if err := sleep(ctx, restPeriod); err != nil {
			return now, fmt.Errorf("members and federation do not come to rest: %w", err)
		}
	}
}

// standing leaves the new objects out.
func standing(ctx context.Context, w *world, members []realMember) (s atRest, err error) {
	if s.sources, err = versions(ctx, w.api.Config, "!new,app.kubernetes.io/part-of="+sources.Prefix); err != nil {
		return s, err
	}
	for _, m := range members {
		copies, err := versions(ctx, m.as, copySelector+",!new")
		if err != nil {
			return s, err
		}
		writes, err := mutating(ctx, m.admin.CoreV1().RESTClient())
		if err != nil {
			return s, err
		}
		s.copies, s.writes = append(s.copies, copies), append(s.writes, writes)
	}
	return s, nil
}
