// Command bench measures how long `fedhelm init` takes to a usable context, step by step, and beside it the floor on the same machine in
// the same minutes: a bare etcd and kube-apiserver from nothing to ready. It prints medians, their ratio, and the memory of the idle
// control plane. `make bench-init` sets up what it needs: the test bed's clusters, fedhelm, kubectl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var b bench
	flag.IntVar(&b.runs, "runs", 5, "how often each is measured; the median counts")
	flag.StringVar(&b.host, "host-cluster-context", "rivendell", "kubeconfig context of the host cluster")
	flag.DurationVar(&b.idle, "idle", 30*time.Second, "how long the idle control plane is watched for its memory")
	flag.StringVar(&b.testbed, "testbed", "ci/testbed", "directory of the test bed, which measures the floor")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	b.kubeconfig, b.fedhelm = os.Getenv("FEDHELM_E2E_KUBECONFIG"), os.Getenv("FEDHELM_BIN")
	err := errors.New("FEDHELM_E2E_KUBECONFIG or FEDHELM_BIN is not set: run: make bench-init")
	if b.kubeconfig != "" && b.fedhelm != "" {
		err = b.run(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
