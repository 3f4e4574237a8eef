package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
)

// badFlags is the context key for what arrange found wrong.
type badFlags struct{}

// usageErrors joins what is wrong with the command line: what arrange found, and errs. nil when nothing is.
func usageErrors(c *cli.Context, errs ...error) error {
	bad, _ := c.Context.Value(badFlags{}).(error)
	if err := errors.Join(append([]error{bad}, errs...)...); err != nil {
		return &usageError{err}
	}
	return nil
}

// oneName is the one argument that most commands take: the name of a federation.
func oneName(c *cli.Context) (string, error) {
	name, err := optionsName(c)
	if err == nil {
		err = chart.ValidateName(name)
	}
	return name, err
}

// optionsName is oneName for commands whose options check the name with all the rest.
func optionsName(c *cli.Context) (string, error) {
	if c.NArg() <= 1 {
		return c.Args().First(), nil
	}
	hint := ""
	if slices.ContainsFunc(c.Args().Slice(), func(arg string) bool { return arg == "true" || arg == "false" }) {
		hint = " (a switch is written --flag=false)"
	}
	return c.Args().First(), fmt.Errorf("exactly one NAME is required, got %d%s; see fedhelm %s --help", c.NArg(), hint, c.Command.Name)
}

// noArguments refuses arguments to a command that takes none.
func noArguments(c *cli.Context) error {
	if c.NArg() == 0 {
		return nil
	}
	return fmt.Errorf("fedhelm %s takes no arguments, got %q", c.Command.Name, c.Args().First())
}

// completionFlag is how a shell asks the library for words; nothing may be put in another order then.
const completionFlag = "--generate-bash-completion"

// arrange puts a command line in the order that the cli library understands, which stops looking for flags at the first
// argument: flags, whether they stood before the command, before or behind its arguments, then the arguments.
// Flags that are unknown, or whose values do not fit, are left out and reported, all of them.
func arrange(app *cli.App, argv []string) ([]string, error) {
	if len(argv) < 2 || argv[len(argv)-1] == completionFlag {
		return argv, nil
	}
	a := arranger{app: app, known: index(append(slices.Clone(app.Flags), cli.HelpFlag, cli.VersionFlag))}
	a.walk(argv[1:])
	arranged := slices.Concat(argv[:1], a.path, a.flags)
	// The library takes the first argument of whom asks for help for the command that help is wanted for.
	if a.help && (len(a.args) == 0 || a.command != nil && len(a.command.Subcommands) == 0) {
		return append(arranged, "--help"), nil
	}
	if len(a.args) > 0 {
		arranged = append(append(arranged, "--"), a.args...)
	}
	return arranged, errors.Join(a.errs...)
}

type arranger struct {
	app               *cli.App
	known             map[string]cli.Flag
	command           *cli.Command
	path, flags, args []string
	help              bool
	errs              []error
}

func index(flags []cli.Flag) map[string]cli.Flag {
	known := map[string]cli.Flag{}
	for _, flag := range flags {
		for _, name := range flag.Names() {
			known[name] = flag
		}
	}
	return known
}

func (a *arranger) walk(words []string) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			a.args = append(a.args, words[i+1:]...)
			return
		case len(word) > 1 && word[0] == '-':
			if a.flag(word, words[i+1:]) {
				i++
			}
		case len(a.args) == 0 && a.subcommand(word) != nil:
			a.command = a.subcommand(word)
			a.path = append(a.path, a.command.Name)
			a.known = index(append(flagsBelow(a.command), cli.HelpFlag))
		default:
			a.args = append(a.args, word)
		}
	}
}

// subcommand is the command of that name, below the one that was met already; nil if there is none.
func (a *arranger) subcommand(name string) *cli.Command {
	if a.command == nil {
		return a.app.Command(name)
	}
	for _, command := range a.command.Subcommands {
		if command.HasName(name) {
			return command
		}
	}
	return nil
}

// flagsBelow are those of a command and of all that are below it: which of them it will be is not known yet.
func flagsBelow(command *cli.Command) []cli.Flag {
	flags := slices.Clone(command.Flags)
	for _, below := range command.Subcommands {
		flags = append(flags, flagsBelow(below)...)
	}
	return flags
}

// flag takes one flag, and the next word if that is its value.
func (a *arranger) flag(word string, rest []string) (tookNext bool) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	flag, known := a.known[name]
	if !known {
		a.errs = append(a.errs, fmt.Errorf("unknown flag %s%s", spelt(name), a.like(name)))
		return false
	}
	if _, isSwitch := flag.(*cli.BoolFlag); isSwitch {
		if !hasValue {
			value = "true"
		}
		if _, err := strconv.ParseBool(value); err != nil {
			a.errs = append(a.errs, fmt.Errorf("%s: %q is neither true nor false", spelt(name), value))
			return false
		}
		if flag == cli.HelpFlag {
			a.help = true
			return false
		}
	} else if !hasValue {
		if len(rest) == 0 {
			a.errs = append(a.errs, fmt.Errorf("%s needs a value", spelt(name)))
			return false
		}
		value, tookNext = rest[0], true
	}
	if err := fits(flag, value); err != nil {
		a.errs = append(a.errs, fmt.Errorf("%s: %w", spelt(name), err))
		return tookNext
	}
	a.flags = append(a.flags, spelt(name)+"="+value)
	return tookNext
}

// fits checks the kinds of values that the library would parse, which reports no more than the first bad one.
func fits(flag cli.Flag, value string) error {
	switch flag.(type) {
	case *cli.IntFlag:
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("%q is not a number", value)
		}
	case *cli.DurationFlag:
		if d, err := time.ParseDuration(value); err != nil || d <= 0 {
			return fmt.Errorf("%q is not a length of time such as 90s or 5m", value)
		}
	}
	return nil
}

func (a *arranger) like(name string) string {
	if like := nearest(name, slices.Collect(maps.Keys(a.known))); like != "" {
		return fmt.Sprintf("; did you mean %s?", spelt(like))
	}
	return ""
}

func spelt(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
