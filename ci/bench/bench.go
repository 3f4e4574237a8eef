package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// federationName is what the measured federation is called.
const federationName = "bench"

// bench is what all benchmarks run on and with.
type bench struct {
	host       string // kubeconfig context
	kubeconfig string // of the clusters; a copy of it is written to
	fedhelm    string // directory of the program
	dir        string // for files of the run
	namespace  string // of the federation
}

// newBench finds what `make bench` has set up, and makes a directory for files, which undo removes.
func newBench() (b bench, undo func(), err error) {
	b.fedhelm = os.Getenv("FEDHELM_BIN")
	kubeconfig := os.Getenv("FEDHELM_E2E_KUBECONFIG")
	if b.fedhelm == "" || kubeconfig == "" {
		return b, nil, errors.New("FEDHELM_E2E_KUBECONFIG or FEDHELM_BIN is not set: run: make bench")
	}
	config, err := os.ReadFile(kubeconfig)
	if err != nil {
		return b, nil, err
	}
	if b.dir, err = os.MkdirTemp("", "fedhelm-bench-"); err != nil {
		return b, nil, err
	}
	b.kubeconfig = filepath.Join(b.dir, "kubeconfig")
	return b, func() { _ = os.RemoveAll(b.dir) }, os.WriteFile(b.kubeconfig, config, 0o600)
}

// call runs fedhelm in a namespace of the benchmark's own and returns its progress lines.
func (b bench) call(ctx context.Context, args ...string) (string, error) {
	args = append(args, "--kubeconfig="+b.kubeconfig, "--host-cluster-context="+b.host, "--federation-system-namespace="+b.namespace)
	return output(exec.CommandContext(ctx, filepath.Join(b.fedhelm, "fedhelm"), args...))
}

// remove takes the federation away, also after an interrupt, and although members are joined.
func (b bench) remove(ctx context.Context) error {
	_, err := b.call(context.WithoutCancel(ctx), "delete", federationName, "--yes", "--force", "--purge-data", "--quiet")
	return err
}

func (b bench) kubectl(ctx context.Context, kubeContext string, args ...string) (string, error) {
	return output(exec.CommandContext(ctx, "kubectl", append([]string{"--kubeconfig=" + b.kubeconfig, "--context=" + kubeContext}, args...)...))
}

// config is that of a client of a cluster, without a limit of its rate.
func (b bench) config(kubeContext string) (*rest.Config, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: b.kubeconfig}, &clientcmd.ConfigOverrides{CurrentContext: kubeContext}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("use context %s of %s: %w", kubeContext, b.kubeconfig, err)
	}
	config.QPS = -1
	return config, nil
}

func output(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(cmd.Path), cmd.Args[1], err, out.String())
	}
	return out.String(), nil
}
