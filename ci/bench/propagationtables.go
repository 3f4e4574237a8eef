package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

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
	rows := make([][]string, 0, len(results))
	for _, c := range results {
		of := func(value func(coldRun) float64) spread { return spreadOf(c.Runs, value) }
		ratio := of(func(r coldRun) float64 { return r.Floor / r.All })
		rows = append(rows, []string{
			fmt.Sprintf("%d × %d", c.Objects, c.Members), of(func(r coldRun) float64 { return r.Floor }).format("%.1f"), strconv.Itoa(c.Workers),
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
	rows := make([][]string, 0, len(l.Runs))
	for _, r := range l.Runs {
		kept := "yes"
		if !r.Kept {
			kept = fmt.Sprintf("no: %.1f s behind, %d lost", r.Late, r.Lost)
		}
		rows = append(rows, []string{
			fmt.Sprintf("%.0f", r.Rate), strconv.Itoa(r.Changes), fmt.Sprintf("%.3f", r.Write), fmt.Sprintf("%.3f", r.P50), fmt.Sprintf("%.3f", r.P99),
			fmt.Sprintf("%.3f", r.LastP50), fmt.Sprintf("%.3f", r.LastP99), fmt.Sprintf("%.0f", r.CPU), kept,
		})
	}
	table(b, []string{"changes a second", "changes", "accepted P99 s", "P50 s", "P99 s", "last member P50 s", "last member P99 s", "CPU %", "kept up"}, rows)
}

func writeGrowth(b *strings.Builder, g growthResult) {
	b.WriteString("**Growth**, simulated members\n\n")
	rows := make([][]string, 0, len(g.ByMembers)+len(g.ByObjects))
	for _, r := range slices.Concat(g.ByMembers, g.ByObjects) {
		copies := float64(r.Objects * r.Members)
		rows = append(rows, []string{
			fmt.Sprintf("%d × %d", r.Objects, r.Members), fmt.Sprintf("%.1f", r.All), fmt.Sprintf("%.0f", copies/r.All), fmt.Sprintf("%.0f", r.Peak),
			fmt.Sprintf("%.0f", r.Now), fmt.Sprintf("%.0f", r.Stacks), fmt.Sprintf("%.2f", 1000*r.CPU/copies), fmt.Sprintf("%.1f", r.Change), fmt.Sprintf("%.3f", r.P50), fmt.Sprintf("%.1f", r.Idle),
		})
	}
	table(b, []string{"objects × members", "all there s", "copies a second", "peak MiB", "MiB at rest", "of it stacks", "CPU ms a copy", "CPU ms a change", "change P50 s", "idle CPU %"}, rows)
}
