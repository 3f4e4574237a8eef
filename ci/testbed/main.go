// Command testbed runs real Kubernetes clusters on this machine, each in a network namespace of its own, to try fedhelm
// on: a host cluster and its members. README.md tells how.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/urfave/cli/v2"
)

func init() {
	// Threads that change their namespaces end; the first one must not be among them, for /proc/self is that one's.
	runtime.LockOSThread()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app := &cli.App{
		Name:  "testbed",
		Usage: "real Kubernetes clusters on this machine",
		Commands: []*cli.Command{
			buildCommand(), upCommand(), downCommand(), statusCommand(), imagesCommand(), loadCommand(), procCommand(), floorCommand(),
			addonsCommand(), holdMountsCommand(),
		},
	}
	return app.RunContext(ctx, os.Args)
}
