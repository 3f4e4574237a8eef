package main

import (
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for part, want := range map[string][]string{
		"": {"cold", "restart", "idle", "latency", "growth"}, "cold": {"cold"}, "growth": {"growth"}, "speed": nil,
	} {
		var b propagationBench
		if err := b.choose(part); (err == nil) != (want != nil) || !slices.Equal(b.parts, want) {
			t.Errorf("choose(%q) chooses %v, %v, want %v", part, b.parts, err, want)
		}
	}
}

func TestFlagsWithCommas(t *testing.T) {
	var b propagationBench
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	b.flags(f)
	if got := f.Lookup("growth-members").DefValue; got != "2,10,100" {
		t.Errorf("the default is shown as %q", got)
	}
	if err := f.Parse([]string{"--objects=5,7", "--members=rohan"}); err != nil || !slices.Equal(b.objects, []int{5, 7}) || !slices.Equal(b.members, []string{"rohan"}) {
		t.Errorf("flags are %v and %v, %v", b.objects, b.members, err)
	}
	for _, wrong := range []string{"--objects=many", "--objects=0"} {
		if f.Parse([]string{wrong}) == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

func TestReportOfThePropagation(t *testing.T) {
	r := propagationResults{
		Machine: "a machine",
		Cold: []coldResult{{Objects: 1000, Members: 2, Workers: 16, Runs: []coldRun{
			{Floor: 4, All: 5, First: 1, CPU: 3, Peak: 100, Requests: 2000}, {Floor: 6, All: 6, First: 1, CPU: 3, Peak: 120, Requests: 2200},
			{Floor: 5, All: 10, First: 1, CPU: 3, Peak: 110, Requests: 2100},
		}}},
		Restart: []restartRun{{Copies: 2000, NewHalf: .1, NewMax: .25, Rest: 4, CPU: 1, Peak: 99}},
		Idle:    &idleRun{Objects: 1000, Seconds: 60, CPU: .5, Now: 90, Requests: 1.5},
		Latency: &latencyResult{Members: 100, Objects: 500, Runs: []latencyRun{
			{Rate: 10, Changes: 600, Write: .02, P50: .05, P99: .2, LastP50: .15, LastP99: .3, CPU: 40, Kept: true},
			{Rate: 20, Changes: 400, Write: .03, P50: 4, P99: 20, LastP50: 5, LastP99: 21, CPU: 90, Late: 19, Lost: 3},
		}},
		Growth: &growthResult{
			ByMembers: []growthRun{{Objects: 100, Members: 2, All: 2, CPU: 1, Peak: 50, Now: 40, Stacks: 3, Change: 1, P50: .01, Idle: .2}},
			ByObjects: []growthRun{{Objects: 200, Members: 2, All: 4, CPU: 2, Peak: 60, Now: 50, Stacks: 3, Change: 1, P50: .01, Idle: .3}},
		},
	}
	var out strings.Builder
	if err := writeMarkdown(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured with a machine.",
		"| 1000 × 2 | 5.0 (4.0–6.0) | 16 | 6.0 (5.0–10.0) | 0.80 (0.50–1.00) | 1.0 | 110 (100–120) | 3.0 | 1.05 (1.00–1.10) |",
		"| 2000 | 0 | 0 | 0 | 0.10 | 0.25 | 4.0 | 99 | 1.0 |",
		"**Idle** for 60 s with 1000 objects: 0.50 % of a core, 90 MiB, 1.5 requests a second.",
		"| 10 | 600 | 0.020 | 0.050 | 0.200 | 0.150 | 0.300 | 40 | yes |",
		"| 20 | 400 | 0.030 | 4.000 | 20.000 | 5.000 | 21.000 | 90 | no: 19.0 s behind, 3 lost |",
		"| 100 × 2 | 2.0 | 100 | 50 | 40 | 3 | 5.00 | 1.0 | 0.010 | 0.2 |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks\n%s\nin\n%s", want, out.String())
		}
	}
	if n := len(charts(r)); n != 7 {
		t.Errorf("there are %d charts, want 7", n)
	}
	if n := len(charts(propagationResults{})); n != 0 {
		t.Errorf("of nothing there are %d charts", n)
	}
}
