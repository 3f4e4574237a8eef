package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// initAim is the ratio of init to the floor that is aimed at.
const initAim = 3.0

// reportInit writes the medians of the runs.
func reportInit(w io.Writer, runs []inited, used memory) error {
	floors, totals := make([]time.Duration, 0, len(runs)), make([]time.Duration, 0, len(runs))
	var steps []step
	for _, r := range runs {
		floors, totals, steps = append(floors, r.floor), append(totals, r.total), append(steps, r.steps...)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	writeMedians(t, len(runs), steps)
	floor, total := median(floors), median(totals)
	fmt.Fprintf(t, "init to a usable context\t%.1f\t\n", total.Seconds())
	fmt.Fprintf(t, "floor: bare etcd and kube-apiserver\t%.1f\t\n", floor.Seconds())
	if floor > 0 {
		fmt.Fprintf(t, "ratio (aim: %.0f or less)\t%.1f\t\n", initAim, total.Seconds()/floor.Seconds())
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
