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
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
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

	config, err := restConfig(o)
	if err != nil {
		log.Error(err, "Cannot be set up")
		return 1
	}
	mgr, err := newManager(o, config)
	if err != nil {
		log.Error(err, "Cannot be set up")
		return 1
	}
	metrics.Registry.MustRegister(infoMetric(o), dnsValid)
	if err := serve(ctrl.LoggerInto(ctx, log), o, config, mgr); err != nil {
		log.Error(err, "Giving up")
		return 1
	}
	log.Info("Ended in order")
	return 0
}

// serve answers probes from the beginning, and starts the manager when its time has come. It returns when ctx has ended and both are done, or
// why one of them cannot go on.
func serve(ctx context.Context, o options, config *rest.Config, mgr ctrl.Manager) error {
	ready, err := newReadiness(config, ctrl.LoggerFrom(ctx))
	if err != nil {
		return err
	}
	both, ctx := errgroup.WithContext(ctx)
	probed, unprobed := context.WithCancel(context.WithoutCancel(ctx)) // as long as controllers finish what they do
	both.Go(func() error { return serveProbes(probed, o.bind.health, ready) })
	both.Go(func() error {
		defer unprobed()
		if o.startAfter != "" && !awaitFile(ctx, o.startAfter) {
			return nil
		}
		ready.begin()
		return mgr.Start(ctx)
	})
	return both.Wait()
}
