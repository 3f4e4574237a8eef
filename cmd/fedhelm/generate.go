package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
)

func (p *program) generateCommand() *cli.Command {
	return &cli.Command{
		Name:      "generate",
		Usage:     "write the chart of a federation, for Helm, Argo CD or Flux to install",
		ArgsUsage: "NAME",
		UsageText: "fedhelm generate NAME -o DIR [flags]",
		Description: "Writes the chart with the values that the flags stand for; installed under NAME it gives the release that fedhelm init\n" +
			"would make. Nothing is read from or written to a cluster.\n\n" + exitCodesHelp,
		Flags: slices.Concat(chartFlags(), []cli.Flag{
			namespaceFlag(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`DIR` to write to"},
			&cli.BoolFlag{Name: "force", Usage: "write into a directory that holds other files"},
		}),
		Action: func(c *cli.Context) error {
			name, argErr := optionsName(c)
			options, flagErr := chartOptions(c, name)
			var dirErr error
			if c.String("output") == "" {
				dirErr = errors.New("--output: name the directory to write to")
			}
			if err := usageErrors(c, argErr, flagErr, dirErr, options.Validate(), p.unfit(options)); err != nil {
				return err
			}
			return p.generate(c, options)
		},
	}
}

func (p *program) generate(c *cli.Context, options chart.Options) error {
	// A chart that does not render is not worth writing.
	if _, err := p.render(options); err != nil {
		return err
	}
	vals, err := options.Values()
	if err != nil {
		return err
	}
	dir := c.String("output")
	if err := chart.Write(dir, p.chart, vals, options.Readme(), c.Bool("force")); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Chart written to %s; its README.md says how to install it: helm install %s %s --namespace %s --create-namespace\n",
		dir, options.Name, dir, options.Namespace)
	return nil
}
