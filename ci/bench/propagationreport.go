package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/ci/bench/internal/plot"
)

// propagationResults is all that was measured; of what was not, there is nothing.
type propagationResults struct {
	Machine string         `json:"machine"`
	Cold    []coldResult   `json:"cold,omitempty"`
	Restart []restartRun   `json:"restart,omitempty"`
	Idle    *idleRun       `json:"idle,omitempty"`
	Latency *latencyResult `json:"latency,omitempty"`
	Growth  *growthResult  `json:"growth,omitempty"`
}

// What is aimed at.
const (
	coldAim     = 0.7 // of the floor's throughput
	memoryAim   = 250 // MiB
	newcomerAim = 5   // seconds
	latencyAim  = 0.5 // seconds
)

// machine says what the figures are of.
func machine() string {
	load, _ := os.ReadFile("/proc/loadavg") // only Linux has it
	return strings.TrimSpace(fmt.Sprintf("%s, %d cores, load %.4s", runtime.Version(), runtime.NumCPU(), load))
}

// report writes the tables, and the files if they are wanted.
func (b *propagationBench) report(r propagationResults) error {
	if err := writeMarkdown(os.Stdout, r); err != nil || b.out == "" {
		return err
	}
	return errors.Join(
		toFile(filepath.Join(b.out, "propagation.md"), func(w io.Writer) error { return writeMarkdown(w, r) }),
		toFile(filepath.Join(b.out, "propagation.json"), func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(r)
		}),
		toFile(filepath.Join(b.out, "propagation.svg"), func(w io.Writer) error { return plot.WriteSVG(w, charts(r)...) }),
	)
}

func toFile(path string, content func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(content(file), file.Close())
}

// table writes rows in Markdown.
func table(b *strings.Builder, header []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat("---|", len(header)))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteString("\n")
}

func writeMarkdown(w io.Writer, r propagationResults) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured with %s.\n\n", r.Machine)
	if len(r.Cold) > 0 {
		writeCold(&b, r.Cold)
	}
	if len(r.Restart) > 0 {
		writeRestart(&b, r.Restart)
	}
	if r.Idle != nil {
		fmt.Fprintf(&b, "**Idle** for %.0f s with %d objects: %.2f %% of a core, %.0f MiB, %.1f requests a second.\n\n",
			r.Idle.Seconds, r.Idle.Objects, r.Idle.CPU, r.Idle.Now, r.Idle.Requests)
	}
	if r.Latency != nil {
		writeLatency(&b, *r.Latency)
	}
	if r.Growth != nil {
		writeGrowth(&b, *r.Growth)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCold(b *strings.Builder, results []coldResult) {
	fmt.Fprintf(b, "**Cold start**, medians and spread (aim: %.1f of the floor or more, %d MiB or less)\n\n", coldAim, memoryAim)
	var rows [][]string
	for _, c := range results {
		of := func(value func(coldRun) float64) spread { return spreadOf(c.Runs, value) }
		ratio := of(func(r coldRun) float64 { return r.Floor / r.All })
		rows = append(rows, []string{
			fmt.Sprintf("%d × %d", c.Objects, c.Members), of(func(r coldRun) float64 { return r.Floor }).format("%.1f"), fmt.Sprint(c.Workers),
			of(func(r coldRun) float64 { return r.All }).format("%.1f"), ratio.format("%.2f"), of(func(r coldRun) float64 { return r.First }).format("%.1f"),
			of(func(r coldRun) float64 { return r.Peak }).format("%.0f"), of(func(r coldRun) float64 { return r.CPU }).format("%.1f"),
			of(func(r coldRun) float64 { return r.Requests / float64(c.Objects*c.Members) }).format("%.2f"),
		})
	}
	table(b, []string{"objects × members", "floor s", "its workers", "fedhelm s", "of the floor", "first copy s", "peak MiB", "CPU s", "requests a copy"}, rows)
}

func writeRestart(b *strings.Builder, runs []restartRun) {
	fmt.Fprintf(b, "**Restart in sync**, medians and spread (aim: nothing written, a new object within %d s)\n\n", newcomerAim)
	of := func(format string, value func(restartRun) float64) string {
		return spreadOf(runs, value).format(format)
	}
	table(b, []string{"copies", "copies written", "sources written", "writes at members", "new object P50 s", "at worst s", "at rest after s", "peak MiB", "CPU s"}, [][]string{{
		of("%.0f", func(r restartRun) float64 { return float64(r.Copies) }), of("%.0f", func(r restartRun) float64 { return float64(r.CopiesWritten) }),
		of("%.0f", func(r restartRun) float64 { return float64(r.SourcesWritten) }), of("%.0f", func(r restartRun) float64 { return r.Writes }),
		of("%.2f", func(r restartRun) float64 { return r.NewHalf }), of("%.2f", func(r restartRun) float64 { return r.NewMax }),
		of("%.1f", func(r restartRun) float64 { return r.Rest }), of("%.0f", func(r restartRun) float64 { return r.Peak }),
		of("%.1f", func(r restartRun) float64 { return r.CPU }),
	}})
}

func writeLatency(b *strings.Builder, l latencyResult) {
	fmt.Fprintf(b, "**Distribution latency**, %d simulated members, %d objects (aim: P99 under %.1f s at the first rate)\n\n", l.Members, l.Objects, latencyAim)
	var rows [][]string
	for _, r := range l.Runs {
		kept := "yes"
		if !r.Kept {
			kept = fmt.Sprintf("no: %.1f s behind, %d lost", r.Late, r.Lost)
		}
		rows = append(rows, []string{
			fmt.Sprintf("%.0f", r.Rate), fmt.Sprint(r.Changes), fmt.Sprintf("%.3f", r.Write), fmt.Sprintf("%.3f", r.P50), fmt.Sprintf("%.3f", r.P99),
			fmt.Sprintf("%.3f", r.LastP50), fmt.Sprintf("%.3f", r.LastP99), fmt.Sprintf("%.0f", r.CPU), kept,
		})
	}
	table(b, []string{"changes a second", "changes", "accepted P99 s", "P50 s", "P99 s", "last member P50 s", "last member P99 s", "CPU %", "kept up"}, rows)
}

func writeGrowth(b *strings.Builder, g growthResult) {
	b.WriteString("**Growth**, simulated members\n\n")
	var rows [][]string
	for _, r := range slices.Concat(g.ByMembers, g.ByObjects) {
		copies := float64(r.Objects * r.Members)
		rows = append(rows, []string{
			fmt.Sprintf("%d × %d", r.Objects, r.Members), fmt.Sprintf("%.1f", r.All), fmt.Sprintf("%.0f", copies/r.All), fmt.Sprintf("%.0f", r.Peak),
			fmt.Sprintf("%.0f", r.Now), fmt.Sprintf("%.0f", r.Stacks), fmt.Sprintf("%.2f", 1000*r.CPU/copies), fmt.Sprintf("%.1f", r.Change), fmt.Sprintf("%.3f", r.P50), fmt.Sprintf("%.1f", r.Idle),
		})
	}
	table(b, []string{"objects × members", "all there s", "copies a second", "peak MiB", "MiB at rest", "of it stacks", "CPU ms a copy", "CPU ms a change", "change P50 s", "idle CPU %"}, rows)
}

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
