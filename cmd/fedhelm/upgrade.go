package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/release"
)

func (p *program) upgradeCommand() *cli.Command {
	return &cli.Command{
		Name:      "upgrade",
		Usage:     "bring a federation to this fedhelm's version, or change its settings",
		ArgsUsage: "NAME",
		UsageText: "fedhelm upgrade NAME [flags]",
		Description: "Keeps what the federation came up with last; flags change it. Takes the flags of fedhelm init, which does the same, but sets up\n" +
			"what is not there. --dry-run shows all that would be installed.\n\n" +
			exitCodesHelp,
		Flags: slices.Concat(chartFlags(), applyFlags(), hostFlags(), progressFlags(), []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			name, argErr := optionsName(c)
			options, flagErr := chartOptions(c, name)
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, argErr, flagErr, formatErr, manifestsFormat(c), options.ValidateFlags(), p.unfit(options)); err != nil {
				return err
			}
			if err := p.refusedBySchema(options); err != nil { // before the host is asked anything
				return err
			}
			return p.upgrade(c, options, format)
		},
	}
}

// upgrade is apply with the release's values beneath the flags.
func (p *program) upgrade(c *cli.Context, options chart.Options, format string) error {
	s, err := p.site(c, options.Namespace)
	if err != nil {
		return err
	}
	kept, err := p.kept(c, s, options)
	if errors.Is(err, release.ErrNotFound) {
		return fmt.Errorf("there is no federation %q in namespace %q to upgrade; fedhelm list shows those that there are, fedhelm init sets up a new one",
			options.Name, options.Namespace)
	}
	if err != nil {
		return err
	}
	options.Keep(kept.Values)
	if err := usageErrors(c, options.Validate()); err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return p.dryRun(c, options)
	}
	return p.applyTo(c, s, options, format)
}
