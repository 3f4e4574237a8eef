package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/check"
	"github.com/fedhelm/fedhelm/pkg/describe"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/printable"
	"github.com/fedhelm/fedhelm/pkg/setup"
	"github.com/fedhelm/fedhelm/pkg/version"
)

// program is fedhelm with all that it has of the outside world.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	terminal       bool // stderr is one: progress is drawn in place
	interactive    bool // somebody is there to answer a question
	width          int  // of the terminal; 0: unknown
	chart          fs.FS
	connect        func(hostOptions) (*host, error)
	connectMember  func(contextOptions) (*memberCluster, error)
	open           func(context.Context, join.Host, federation.Ref) (join.Federation, error)
	openAPI        func(context.Context, *host, federation.Ref) (check.Server, check.Clusters, error)
	objects        func(*rest.Config) (describe.API, error) // of a federation
	dns            func(*rest.Config) (dnsview.API, error)  // likewise
	ask            func(*memberCluster) memberdns.Ask       // DNS servers in a member
	readLimit      time.Duration                            // of commands without --timeout; 0: the usual one
	reached        *host                                    // the host cluster of the command line that is run
}

// Exit codes, as docs/operations.md lists them.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitRefused  = 3
	exitTimedOut = 4
)

const exitCodesHelp = `Exit codes: 0 done, or nothing to do; 1 failed; 2 bad flags or arguments, nothing was written;
3 refused before anything was written; 4 timed out, run again to go on.`

// usageError is what is wrong with a command line. Nothing has been read or written yet.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, setup.ErrRefused):
		return exitRefused
	case errors.Is(err, setup.ErrTimedOut):
		return exitTimedOut
	default:
		return exitFailed
	}
}

// message is what the user reads of an error: each of several on a line of its own.
func message(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "error: interrupted; run the same command again to go on"
	}
	lines := strings.Split(strings.TrimSpace(printable.Lines(err.Error())), "\n")
	for i := range lines {
		lines[i] = "error: " + strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// run runs one command line.
func (p *program) run(ctx context.Context, argv []string) error {
	bounded := *p
	bounded.connect = func(o hostOptions) (*host, error) {
		reached, err := p.connect(o)
		bounded.reached = reached
		return reached, err
	}
	app := bounded.app()          //nolint:contextcheck // commands get their context with their command line
	bounded.bounded(app.Commands) //nolint:contextcheck // likewise
	arranged, bad := arrange(app, argv)
	return app.RunContext(context.WithValue(ctx, badFlags{}, bad), arranged)
}

// app is the tree of commands.
func (p *program) app() *cli.App {
	cli.VersionFlag = &cli.BoolFlag{Name: "version", Usage: "print the version", DisableDefaultText: true}
	cli.FlagStringer = flagHelp
	app := &cli.App{
		Name:      "fedhelm",
		Usage:     "many Kubernetes clusters behind one API",
		UsageText: "fedhelm COMMAND [NAME] [flags]",
		Description: "Flags may stand before and after NAME. `fedhelm COMMAND --help` tells more.\n\n" +
			exitCodesHelp,
		Version:                   version.Get().String(),
		Flags:                     hostFlags(),
		Commands:                  p.commands(),
		Reader:                    p.stdin,
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		EnableBashCompletion:      true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		Suggest:                   true,
		ExitErrHandler:            func(*cli.Context, error) {}, // main prints it, once
		OnUsageError:              usage,
		Action:                    noCommand,
	}
	mannered(app.Commands)
	return app
}

// mannered makes commands, and those below them, behave alike.
func mannered(commands []*cli.Command) {
	for _, command := range commands {
		command.HideHelpCommand = true
		command.OnUsageError = usage
		mannered(command.Subcommands)
	}
}

func (p *program) commands() []*cli.Command {
	return []*cli.Command{
		p.initCommand(),
		p.upgradeCommand(),
		p.generateCommand(),
		p.statusCommand(),
		p.listCommand(),
		p.joinCommand(),
		p.unjoinCommand(),
		p.clustersCommand(),
		p.describeCommand(),
		p.dnsCommand(),
		p.checkCommand(),
		p.kubeconfigCommand(),
		p.deleteCommand(),
		p.versionCommand(),
		p.completionCommand(),
	}
}

func usage(_ *cli.Context, err error, _ bool) error { return &usageError{err} }

// noCommand runs when there is no such command, or none at all.
func noCommand(c *cli.Context) error {
	if !c.Args().Present() {
		if err := usageErrors(c); err != nil {
			return err
		}
		return cli.ShowAppHelp(c)
	}
	name := c.Args().First()
	hint := "fedhelm --help lists them"
	var names []string
	for _, command := range c.App.Commands {
		names = append(names, command.Names()...)
	}
	if like := nearest(name, names); like != "" {
		hint = fmt.Sprintf("did you mean %q? %s", like, hint)
	}
	return &usageError{fmt.Errorf("there is no command %q; %s", name, hint)}
}
