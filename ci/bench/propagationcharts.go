package main

import (
	"fmt"

	"github.com/fedhelm/fedhelm/ci/bench/internal/plot"
)

// charts are those of what was measured.
func charts(r propagationResults) []plot.Chart {
	var all []plot.Chart
	if l := r.Latency; l != nil {
		line := func(name string, value func(latencyRun) float64) plot.Series {
			return series(name, l.Runs, func(r latencyRun) plot.Point { return plot.Point{X: r.Rate, Y: value(r)} })
		}
		all = append(all, plot.Chart{
			Title: fmt.Sprintf("Distribution latency, %d members", l.Members), X: "changes a second", Y: "seconds", LogX: true, LogY: true,
			Series: []plot.Series{
				line("P50", func(r latencyRun) float64 { return r.P50 }), line("P99", func(r latencyRun) float64 { return r.P99 }),
				line("last member, P99", func(r latencyRun) float64 { return r.LastP99 }),
			},
		})
	}
	if g := r.Growth; g != nil {
		all = append(all, growthCharts("members", g.ByMembers, func(r growthRun) float64 { return float64(r.Members) })...)
		all = append(all, growthCharts("objects", g.ByObjects, func(r growthRun) float64 { return float64(r.Objects) })...)
	}
	return all
}

func growthCharts(of string, runs []growthRun, size func(growthRun) float64) []plot.Chart {
	line := func(name string, value func(growthRun) float64) plot.Series {
		return series(name, runs, func(r growthRun) plot.Point { return plot.Point{X: size(r), Y: value(r)} })
	}
	return []plot.Chart{
		{Title: "Time, by " + of, X: of, Y: "seconds", LogX: true, LogY: true, Series: []plot.Series{
			line("until all are there", func(r growthRun) float64 { return r.All }), line("CPU", func(r growthRun) float64 { return r.CPU }),
		}},
		{Title: "Memory, by " + of, X: of, Y: "MiB", LogX: true, LogY: true, Series: []plot.Series{
			line("peak", func(r growthRun) float64 { return r.Peak }), line("at rest", func(r growthRun) float64 { return r.Now }),
		}},
		{Title: "Cost of one change, by " + of, X: of, Y: "CPU ms", LogX: true, Series: []plot.Series{
			line("for all members", func(r growthRun) float64 { return r.Change }),
		}},
	}
}

func series[T any](name string, runs []T, point func(T) plot.Point) plot.Series {
	s := plot.Series{Name: name}
	for _, r := range runs {
		s.Points = append(s.Points, point(r))
	}
	return s
}
