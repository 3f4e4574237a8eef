package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

func (p *program) initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "set up a federation's control plane in a host cluster",
		ArgsUsage: "NAME",
		UsageText: "fedhelm init NAME [flags]",
		Description: "Installs the control plane, waits until the federation API answers, and adds cluster, user and context NAME to the\n" +
			"kubeconfig. Run again, it changes what the flags change, and nothing else; after a failure it goes on. What a run said that never\n" +
			"brought the federation up is forgotten. --dry-run shows what a new federation would get, whatever is there.\n\n" + exitCodesHelp,
		Flags: slices.Concat(chartFlags(), applyFlags(), hostFlags(), progressFlags(), []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			name, argErr := optionsName(c)
			options, flagErr := chartOptions(c, name)
			format, formatErr := outputFormat(c)
			if c.Bool("dry-run") {
				if err := usageErrors(c, argErr, flagErr, formatErr, manifestsFormat(c), options.Validate(), p.unfit(options)); err != nil {
					return err
				}
				return p.dryRun(c, options)
			}
			if err := usageErrors(c, argErr, flagErr, formatErr, manifestsFormat(c), options.ValidateFlags(), p.unfit(options)); err != nil {
				return err
			}
			if err := p.refusedBySchema(options); err != nil { // before the host is asked anything
				return err
			}
			return p.apply(c, options, format)
		},
	}
}

// applyFlags say how a release is made to be.
func applyFlags() []cli.Flag {
	limit := timeoutFlag()
	limit.Usage += "; that of a hook is controlPlane.hooks.timeoutSeconds"
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Usage: "print the manifests that would be installed, and write nothing"},
		&cli.BoolFlag{Name: "set-current-context", Usage: "make the federation the kubeconfig's current context"},
		limit,
	}
}

// apply makes the release be what the options say, over what it came up with before, and reports.
func (p *program) apply(c *cli.Context, options chart.Options, format string) error {
	s, err := p.site(c, options.Namespace)
	if err != nil {
		return err
	}
	kept, err := p.kept(c, s, options)
	switch {
	case errors.Is(err, release.ErrNotFound):
	case apierrors.IsForbidden(err): // the checks refuse this, with all else that is not allowed
	case err != nil:
		return err
	case kept.CameUp:
		options.Keep(kept.Values)
	}
	if err := usageErrors(c, options.Validate()); err != nil {
		return err
	}
	return p.applyTo(c, s, options, format)
}

func (p *program) applyTo(c *cli.Context, s site, options chart.Options, format string) error {
	rendered, err := p.render(options)
	if err != nil {
		return err
	}
	chrt, err := chart.Load(p.chart)
	if err != nil {
		return err
	}
	result, err := setup.Init(c.Context, setup.InitOptions{
		Chart:      chrt,
		Options:    options,
		Rendered:   rendered,
		Host:       s.host.Host,
		Releases:   s.releases,
		Kubeconfig: setup.Kubeconfig{Files: s.host.files, SetCurrentContext: c.Bool("set-current-context")},
		Identity:   identity(),
		Timeout:    c.Duration("timeout"),
		Progress:   s.reporter,
	})
	if err != nil {
		return err
	}
	if result.Warning != "" {
		s.reporter.Warnf("%s", result.Warning)
	}
	if warning := kubeconfig.Exposed(result.Kubeconfig); warning != "" {
		s.reporter.Warnf("%s", warning)
	}
	return p.print(format, result, func(w io.Writer) {
		fmt.Fprintf(w, "Federation API server is running at: %s\n", result.Server)
		fmt.Fprintf(w, "Use it with: kubectl --context=%s get namespaces\n", result.Context)
	})
}

// watched shows hook Jobs as steps of their own.
func watched(reporter *progress.Reporter) release.Options {
	return release.Options{
		Log: reporter.Detailf,
		Job: func(name string) func(error) {
			step := reporter.Start("Hook " + name)
			return func(err error) {
				if err != nil {
					step.Fail()
					return
				}
				step.Done()
			}
		},
	}
}
