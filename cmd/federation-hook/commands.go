package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// command is one subcommand: its flags, and what it does once they are read.
type command struct {
	name  string
	does  string
	setup func(f *flag.FlagSet, c *common) action
	once  bool // a look at how things are, not to be repeated until they are well
	job   bool // runs as a Job, whose limit is a value of the chart's
}

// action checks the options that the flags made, and carries them out.
type action interface {
	validate() error
	run(ctx context.Context, out io.Writer) error
}

// keeper is an action that goes on with something when run is done, without a limit, until ctx ends.
type keeper interface {
	keep(ctx context.Context, out io.Writer) error
}

var commands = []command{
	{name: "pki", does: "makes and renews the Secrets with certificates", setup: pkiCommand(false), job: true},
	{name: "renew", does: "the same for an installed release, with its kubeconfig", setup: pkiCommand(true), job: true},
	{name: "publish", does: "finds the API server's address and writes the kubeconfig", setup: publishCommand, job: true},
	{name: "bootstrap", does: "applies definitions and access rights to the federation API", setup: bootstrapCommand},
	{name: "teardown", does: "refuses while clusters are joined", setup: teardownCommand, job: true},
	{name: "cleanup", does: "deletes what hooks made", setup: cleanupCommand, job: true},
	{name: "verify", does: "checks a federation from inside the host cluster", setup: verifyCommand, once: true},
}

// moreTime says how a hook gets longer: the limits of fedhelm and Helm are not its own.
const moreTime = "the time of this hook is up; the value hooks.timeoutSeconds gives it more (with fedhelm and in chart federation: --set controlPlane.hooks.timeoutSeconds=SECONDS)"

// doneLine is the last line of a run that succeeded. fedhelm waits for it: a kubelet tells of the end up to a second later.
const doneLine = "done"

func commandNames() []string {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.name
	}
	return names
}

func usage() string {
	var b strings.Builder
	b.WriteString("Usage: federation-hook COMMAND --federation=NAME --namespace=NAMESPACE [flags]\n\nCommands:\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.does)
	}
	b.WriteString("\nfederation-hook COMMAND --help lists the flags of one.\n")
	return b.String()
}

func (cmd command) execute(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	common := addCommon(f)
	act := cmd.setup(f, common)
	err := parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		_, err := fmt.Fprintf(out, "Usage: federation-hook %s [flags]\n\n%s", cmd.name, flagUsage(f))
		return err
	}
	if err := errors.Join(err, common.validate(), act.validate()); err != nil {
		return usageError{err}
	}
	common.setVerbosity()
	if err := cmd.finish(ctx, common.timeout, act, out); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, doneLine); err != nil {
		return err
	}
	if k, ok := act.(keeper); ok {
		return k.keep(ctx, out)
	}
	return nil
}

// finish runs the action once, or until it is done.
func (cmd command) finish(ctx context.Context, timeout time.Duration, act action, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if cmd.once {
		err = act.run(ctx, out)
	} else {
		err = retry(ctx, out, retryInterval, func(ctx context.Context) error { return act.run(ctx, out) })
	}
	if err != nil && cmd.job && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%w; %s", err, moreTime)
	}
	return err
}
