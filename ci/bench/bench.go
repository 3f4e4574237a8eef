package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const federation = "bench"

// bench is what is measured, and with what.
type bench struct {
	runs       int
	host       string
	idle       time.Duration
	testbed    string
	kubeconfig string // of the host cluster; a copy of it is written to
	fedhelm    string // directory of the program
	namespace  string // of the run
}

// measured is one run.
type measured struct {
	floor time.Duration
	total time.Duration // from the start of init until kubectl has listed the namespaces
	steps []step
}

func (b bench) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "fedhelm-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bed := filepath.Join(dir, "testbed")
	build := exec.CommandContext(ctx, "go", "build", "-o", bed, ".")
	build.Dir = b.testbed
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the test bed's program: %w\n%s", err, out)
	}
	config, err := os.ReadFile(b.kubeconfig)
	if err != nil {
		return err
	}
	b.kubeconfig = filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(b.kubeconfig, config, 0o600); err != nil {
		return err
	}
	var all []measured
	var peak memory
	for i := range b.runs {
		// A name that the host's DNS was asked for in vain, by the federation that was on its way out, would not be found for a while.
		b.namespace = fmt.Sprintf("fedhelm-bench-%d", i+1)
		m, used, err := b.once(ctx, bed, i == b.runs-1)
		if err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
		fmt.Fprintf(os.Stderr, "run %d of %d: floor %.1fs, init %.1fs\n", i+1, b.runs, m.floor.Seconds(), m.total.Seconds())
		all, peak = append(all, m), used
	}
	return report(os.Stdout, all, peak)
}

// once measures the floor and one init, from nothing to nothing.
func (b bench) once(ctx context.Context, bed string, watchMemory bool) (m measured, used memory, err error) {
	if m.floor, err = b.measureFloor(ctx, bed); err != nil {
		return m, used, err
	}
	defer func() {
		// What was begun is taken away also after an interrupt.
		_, undo := b.call(context.WithoutCancel(ctx), "delete", federation, "--yes", "--purge-data", "--quiet")
		err = errors.Join(err, undo)
	}()
	start := time.Now()
	said, err := b.call(ctx, "init", federation)
	if err != nil {
		return m, used, err
	}
	if _, err := b.kubectl(ctx, federation, "get", "namespaces"); err != nil {
		return m, used, err
	}
	m.total = time.Since(start)
	m.steps = parseSteps(strings.ReplaceAll(said, " "+b.namespace, ""))
	if watchMemory {
		used, err = b.watchMemory(ctx)
	}
	return m, used, err
}

func (b bench) measureFloor(ctx context.Context, bed string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, bed, "floor")
	cmd.Dir = b.testbed
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("measure the floor: %w", err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return 0, fmt.Errorf("measure the floor: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// call runs fedhelm in a namespace of the benchmark's own and returns its progress lines.
func (b bench) call(ctx context.Context, args ...string) (string, error) {
	args = append(args, "--kubeconfig="+b.kubeconfig, "--host-cluster-context="+b.host, "--federation-system-namespace="+b.namespace)
	return output(exec.CommandContext(ctx, filepath.Join(b.fedhelm, "fedhelm"), args...))
}

func (b bench) kubectl(ctx context.Context, kubeContext string, args ...string) (string, error) {
	return output(exec.CommandContext(ctx, "kubectl", append([]string{"--kubeconfig=" + b.kubeconfig, "--context=" + kubeContext}, args...)...))
}

func output(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(cmd.Path), cmd.Args[1], err, out.String())
	}
	return out.String(), nil
}
