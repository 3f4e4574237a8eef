package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

// dnsWay is what the commands below fedhelm dns say of how a federation is found.
const dnsWay = "The federation is that of the host cluster; who has no access to a host cluster names a context of the federation itself with --context."

func (p *program) dnsCommand() *cli.Command {
	subcommands := []*cli.Command{p.dnsListCommand(), p.dnsResolveCommand(), p.dnsDrainCommand(), p.dnsUndrainCommand()}
	names := make([]string, len(subcommands))
	for i, command := range subcommands {
		names[i] = command.Name
	}
	return &cli.Command{
		Name:        "dns",
		Usage:       "show the DNS names of a federation's Services, and take members out of them",
		UsageText:   "fedhelm dns " + strings.Join(names, "|") + " [flags]",
		Description: dnsWay + "\ndocs/dns.md tells about the names.\n\n" + exitCodesHelp,
		Subcommands: subcommands,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usageErrors(c, fmt.Errorf("there is no command %q below fedhelm dns; it has %s", c.Args().First(), strings.Join(names, ", ")))
			}
			if err := usageErrors(c); err != nil {
				return err
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

func dnsZoneFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "dns-zone", Usage: usage}
}

// names leads to the names of the federation that the flags mean.
func (p *program) names(c *cli.Context) (dnsview.API, way, error) {
	way, err := p.wayToFederation(c)
	if err != nil {
		return dnsview.API{}, way, err
	}
	api, err := p.dns(way.config)
	return api, way, err
}

// serviceFrom reads NAMESPACE/NAME.
func serviceFrom(text string) (namespace, name string, err error) {
	namespace, name, _ = strings.Cut(text, "/")
	if namespace == "" || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("--service: %q is no NAMESPACE/NAME, such as default/web", text)
	}
	return namespace, name, nil
}

// atMostOne is the argument, if there is one.
func atMostOne(c *cli.Context) (string, error) {
	if c.NArg() > 1 {
		return "", fmt.Errorf("one NAME at most is taken, got %d arguments; see %s --help", c.NArg(), c.Command.HelpName)
	}
	return c.Args().First(), nil
}

// exactlyOne is the argument.
func exactlyOne(c *cli.Context, what string) (string, error) {
	if c.NArg() != 1 || c.Args().First() == "" {
		return "", fmt.Errorf("exactly one %s is required, got %d arguments; see %s --help", what, c.NArg(), c.Command.HelpName)
	}
	return c.Args().First(), nil
}

// notBoth refuses flags that contradict each other.
func notBoth(c *cli.Context, one, other string) error {
	if c.IsSet(one) && c.IsSet(other) {
		return errors.New("--" + one + " and --" + other + " say different things: choose one")
	}
	return nil
}
