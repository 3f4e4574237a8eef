package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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
