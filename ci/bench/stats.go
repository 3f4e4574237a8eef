package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

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

// medians gives the median of each step, in the order in which the steps first ended.
func medians(steps []step) []step {
	byName, order := map[string][]time.Duration{}, []string{}
	for _, s := range steps {
		if byName[s.name] == nil {
			order = append(order, s.name)
		}
		byName[s.name] = append(byName[s.name], s.took)
	}
	all := make([]step, len(order))
	for i, name := range order {
		all[i] = step{name, median(byName[name])}
	}
	return all
}

// writeMedians begins a table in seconds with the median of each step of so many runs.
func writeMedians(w io.Writer, runs int, steps []step) {
	fmt.Fprintf(w, "\nmedian of %d\tseconds\t\n", runs)
	for _, s := range medians(steps) {
		fmt.Fprintf(w, "%s\t%.1f\t\n", s.name, s.took.Seconds())
	}
}

func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// p99 is the smallest value that 99 of a hundred values do not exceed.
func p99(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(99*len(sorted)+99)/100-1]
}

func maximum(values []time.Duration) time.Duration {
	if len(values) == 0 {
		return 0
	}
	return slices.Max(values)
}

// spread is a median and what is around it.
type spread struct{ low, middle, high float64 }

func spreadOf[T any](runs []T, value func(T) float64) spread {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = value(r)
	}
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return spread{}
	}
	return spread{values[0], (values[(n-1)/2] + values[n/2]) / 2, values[n-1]}
}

// format leaves the spread out where there is none.
func (s spread) format(number string) string {
	low, middle, high := fmt.Sprintf(number, s.low), fmt.Sprintf(number, s.middle), fmt.Sprintf(number, s.high)
	if low == high {
		return middle
	}
	return middle + " (" + low + "–" + high + ")"
}
