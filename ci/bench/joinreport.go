package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// registrationAim is the P99 of a registration that is aimed at.
const registrationAim = time.Second

// reportJoin writes the medians of the joins, and median and P99 of the registrations beside the floor.
func reportJoin(w io.Writer, joins []joined, registrations []registered) error {
	var steps []step
	whole, unjoins := make([]time.Duration, 0, len(joins)), make([]time.Duration, 0, len(joins))
	for _, j := range joins {
		steps, whole, unjoins = append(steps, j.steps...), append(whole, j.join), append(unjoins, j.unjoin)
	}
	latencies, floors := make([]time.Duration, 0, len(registrations)), make([]time.Duration, 0, len(registrations))
	for _, r := range registrations {
		latencies, floors = append(latencies, r.latency), append(floors, r.floor)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	writeMedians(t, len(joins), steps)
	fmt.Fprintf(t, "fedhelm join\t%.1f\t\n", median(whole).Seconds())
	fmt.Fprintf(t, "fedhelm unjoin\t%.1f\t\n", median(unjoins).Seconds())
	fmt.Fprintf(t, "\nmilliseconds, of %d\tmedian\tP99\t\n", len(registrations))
	for _, row := range []struct {
		name   string
		values []time.Duration
	}{
		{fmt.Sprintf("Cluster created to Ready (aim: P99 under %d)", registrationAim.Milliseconds()), latencies},
		{"floor: one question to the member, one write", floors},
	} {
		fmt.Fprintf(t, "%s\t%d\t%d\t\n", row.name, median(row.values).Milliseconds(), p99(row.values).Milliseconds())
	}
	if floor := median(floors); floor > 0 {
		fmt.Fprintf(t, "ratio\t%.1f\t%.1f\t\n", median(latencies).Seconds()/floor.Seconds(), p99(latencies).Seconds()/p99(floors).Seconds())
	}
	return t.Flush()
}
