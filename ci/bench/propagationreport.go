package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
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

func (b *propagationBench) report(r propagationResults) error {
	return b.publish("propagation", r, func(w io.Writer) error { return writeMarkdown(w, r) }, charts(r))
}
