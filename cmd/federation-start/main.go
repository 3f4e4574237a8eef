// federation-start starts another program when what that needs is ready, in its place. The
// container beside puts it into a container whose image has nothing that could wait.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/fedhelm/fedhelm/pkg/version"
)

const program = "federation-start"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 when all is done, 1 after a failure or a signal, 2 for bad flags.
// It does not return if another program takes this one's place.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 2
	case o.version:
		fmt.Fprintln(stdout, program, version.Get())
		return 0
	case o.install != "":
		err = install(o.install)
	default:
		err = o.start(ctx, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 1
	}
	return 0
}
