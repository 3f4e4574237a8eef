package main

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

const (
	// readLimit is the limit of commands that have no --timeout, because they only read: a cluster that accepts connections need not
	// answer.
	readLimit = 30 * time.Second
	// checkLimit is that of fedhelm check, which goes on to the next when one of many does not answer.
	checkLimit = 10 * time.Minute
	// checkAnswer is how long check waits for the host cluster, before it goes on to say that it does not answer.
	checkAnswer = 20 * time.Second
)

// bounded puts a limit on all that a command does, and on those below it.
func (p *program) bounded(commands []*cli.Command) {
	for _, command := range commands {
		p.bounded(command.Subcommands)
		action := command.Action
		command.Action = func(c *cli.Context) error {
			outer, limit := c.Context, p.limitOf(c)
			ctx, cancel := context.WithTimeoutCause(outer, limit, setup.ErrTimedOut)
			defer cancel()
			c.Context = ctx
			err := action(c)
			if err == nil || outer.Err() != nil {
				return err
			}
			return p.unanswered(ctx, limit, err)
		}
	}
}

func (p *program) limitOf(c *cli.Context) time.Duration {
	switch {
	case slices.Contains(c.Command.Names(), "check"):
		return checkLimit
	case c.Duration("timeout") > 0:
		return c.Duration("timeout")
	case p.readLimit > 0:
		return p.readLimit
	default:
		return readLimit
	}
}

// errNoAnswer is the end of a wait for the host cluster alone.
var errNoAnswer = errors.New("the host cluster does not answer")

// unanswered says of an error what is behind it for the user: a limit that ran out, or a host cluster that cannot be reached.
func (p *program) unanswered(ctx context.Context, limit time.Duration, err error) error {
	const wayOut = "is there a VPN or a proxy on the way?"
	var request *url.Error
	toHost := errors.As(err, &request) && p.reached != nil && p.reached.Server != "" &&
		strings.HasPrefix(request.URL, strings.TrimSuffix(p.reached.Server, "/")+"/")
	ranOut := errors.Is(context.Cause(ctx), setup.ErrTimedOut)
	switch code := exitCode(err); {
	case ranOut && p.reached != nil && (toHost || errors.Is(err, errNoAnswer)):
		return setup.TimedOut(limit, "the API server at %s does not answer; %s check the address in context %q, or choose another with --host-cluster-context",
			p.reached.Server, wayOut, p.reached.Context)
	case code != exitFailed:
		return err
	case ranOut && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, setup.ErrTimedOut)):
		return setup.TimedOut(limit, "%w", err)
	case toHost:
		return preflight.Unreachable(p.reached.Context, p.reached.Server, err)
	default:
		return err
	}
}
