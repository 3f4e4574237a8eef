package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// aim is the ratio of init to the floor that is aimed at.
const aim = 3.0

// step is a line of fedhelm's progress that ended.
type step struct {
	name string
	took time.Duration
}

var ended = regexp.MustCompile(`^(.*?)(?:: [^:]*)? \((\d+\.\d+)s\)$`)

// parseSteps reads the progress lines of fedhelm. Steps overlap: the hooks are parts of the installation.
func parseSteps(progress string) []step {
	var steps []step
	for _, line := range strings.Split(progress, "\n") {
		m := ended.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		seconds, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			continue // not a number after all, so not the end of a step
		}
		steps = append(steps, step{name: m[1], took: time.Duration(seconds * float64(time.Second))})
	}
	return steps
}

func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// report writes the medians of the runs.
func report(w io.Writer, runs []measured, used memory) error {
	floors, totals := make([]time.Duration, 0, len(runs)), make([]time.Duration, 0, len(runs))
	byStep, order := map[string][]time.Duration{}, []string{}
	for _, r := range runs {
		floors, totals = append(floors, r.floor), append(totals, r.total)
		for _, s := range r.steps {
			if byStep[s.name] == nil {
				order = append(order, s.name)
			}
			byStep[s.name] = append(byStep[s.name], s.took)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\nmedian of %d\tseconds\t\n", len(runs))
	for _, name := range order {
		fmt.Fprintf(t, "%s\t%.1f\t\n", name, median(byStep[name]).Seconds())
	}
	floor, total := median(floors), median(totals)
	fmt.Fprintf(t, "init to a usable context\t%.1f\t\n", total.Seconds())
	fmt.Fprintf(t, "floor: bare etcd and kube-apiserver\t%.1f\t\n", floor.Seconds())
	if floor > 0 {
		fmt.Fprintf(t, "ratio (aim: %.0f or less)\t%.1f\t\n", aim, total.Seconds()/floor.Seconds())
	}
	fmt.Fprintf(t, "\npeak memory, idle\tMiB\t\n")
	names := slices.SortedFunc(maps.Keys(used.containers), func(a, b string) int { return cmp.Compare(used.containers[b], used.containers[a]) })
	for _, name := range names {
		fmt.Fprintf(t, "%s\t%.0f\t\n", name, mebibytes(used.containers[name]))
	}
	fmt.Fprintf(t, "the whole control plane\t%.0f\t\n", mebibytes(used.total))
	return t.Flush()
}

func mebibytes(b uint64) float64 { return float64(b) / (1 << 20) }
