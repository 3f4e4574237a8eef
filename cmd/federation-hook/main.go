// Command federation-hook is what the hook Jobs of a federation's chart run: one
// subcommand for each hook.
//
// Exit codes: 0 done, 1 failed, 2 wrong flags. The last line of a failed run is
// one sentence that begins with "error: "; that of one that succeeded is "done".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/fedhelm/fedhelm/pkg/version"
)

// usageError is an error of the person who wrote the flags.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// run is main without its globals; it returns the exit code.
func run(ctx context.Context, args []string, out io.Writer) int {
	err := dispatch(ctx, args, out)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(out, "error: "+oneLine(err))
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("name a command: %s", strings.Join(commandNames(), ", "))}
	}
	switch args[0] {
	case "help", "--help", "-h":
		_, err := fmt.Fprint(out, usage())
		return err
	case "version", "--version":
		_, err := fmt.Fprintln(out, "federation-hook "+version.Get().String())
		return err
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.execute(ctx, args[1:], out)
		}
	}
	return usageError{fmt.Errorf("unknown command %q: choose among %s", args[0], strings.Join(commandNames(), ", "))}
}

// oneLine makes one line of several errors that were joined: the last line of
// the log is what Helm's user sees.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
