// federation-controller-manager runs the controllers of a federation against its API.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fedhelm/fedhelm/pkg/version"
)

// program is also the name of the Lease that its leader holds.
const program = "federation-controller-manager"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 after an orderly end, 1 after a failure, 2 for bad flags.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 2
	case o.version:
		fmt.Fprintln(stdout, program, version.Get())
		return 0
	}
	log := o.log.install(stderr)
	log.Info("Starting", "federation", o.federation, "namespace", o.namespace, "version", version.Get().Version, "commit", version.Get().Commit)

	mgr, err := newManager(o)
	if err != nil {
		log.Error(err, "Cannot be set up")
		return 1
	}
	metrics.Registry.MustRegister(infoMetric(o), dnsValid)
	if err := mgr.Start(ctrl.LoggerInto(ctx, log)); err != nil {
		log.Error(err, "Giving up")
		return 1
	}
	log.Info("Ended in order")
	return 0
}
