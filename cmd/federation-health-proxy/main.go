// federation-health-proxy answers a kubelet's probes of the federation API server,
// which may refuse requests without credentials.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fedhelm/fedhelm/pkg/healthproxy"
	"github.com/fedhelm/fedhelm/pkg/httpserver"
	"github.com/fedhelm/fedhelm/pkg/version"
)

const program = "federation-health-proxy"

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
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 2
	case o.version:
		fmt.Fprintln(stdout, program, version.Get())
		return 0
	}
	if err := serve(ctx, o); err != nil {
		o.proxy.Log.Error("Giving up", "error", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, o options) error {
	proxy, err := healthproxy.New(o.proxy)
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	o.proxy.Log.Info("Serving", "address", ln.Addr().String(), "target", o.proxy.Target, "version", version.Get().Version)
	srv := &http.Server{
		Handler:           proxy,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(o.proxy.Log.Handler(), slog.LevelWarn),
	}
	return httpserver.Serve(ctx, srv, ln, 5*time.Second)
}
