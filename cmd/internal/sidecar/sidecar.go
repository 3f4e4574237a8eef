// Package sidecar is what the proxies beside a federation's API server have in common as programs: how they read flags, log and end.
package sidecar

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/fedhelm/fedhelm/pkg/version"
)

// Program is one of them.
type Program struct {
	Name string
	// Flags declares the program's own flags, besides --log-format and --version.
	Flags func(fs *flag.FlagSet)
	// Check reports all values of the flags that are bad. The log, nil if its format is one of them, is the program's from then on.
	Check func(log *slog.Logger) error
	// Serve returns when ctx has ended and all is done, or why that cannot be.
	Serve func(ctx context.Context) error
}

// Main runs the program until the process is asked to end, and then ends it.
func (p Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait
	code := p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run returns the exit code: 0 after an orderly end, 1 after a failure, 2 for bad flags.
func (p Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	p.Flags(fs)
	format := fs.String("log-format", "text", "`format` of the log: text or json")
	wantsVersion := fs.Bool("version", false, "print the version and exit")
	err := fs.Parse(args)
	if err == nil && *wantsVersion {
		fmt.Fprintln(stdout, p.Name, version.Get())
		return 0
	}
	var log *slog.Logger
	if err == nil {
		log, err = p.check(fs, *format, stderr)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 2
	}
	if err := p.Serve(ctx); err != nil {
		log.Error("Giving up", "error", err)
		return 1
	}
	return 0
}

// check reports all bad values at once.
func (p Program) check(fs *flag.FlagSet, format string, stderr io.Writer) (log *slog.Logger, err error) {
	var errs []error
	if fs.NArg() > 0 {
		errs = append(errs, fmt.Errorf("surplus arguments: %q", fs.Args()))
	}
	switch format {
	case "text":
		log = slog.New(slog.NewTextHandler(stderr, nil))
	case "json":
		log = slog.New(slog.NewJSONHandler(stderr, nil))
	default:
		errs = append(errs, fmt.Errorf("--log-format=%q: must be text or json", format))
	}
	return log, errors.Join(append(errs, p.Check(log))...)
}

// CheckAddress is what is wrong with the value of the flag of that name, which is an address to listen on.
func CheckAddress(name, value string) error {
	if _, _, err := net.SplitHostPort(value); err != nil {
		return fmt.Errorf("--%s=%q: must be host:port or :port", name, value)
	}
	return nil
}
