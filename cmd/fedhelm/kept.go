package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// unfit is what the chart's schema has against the values files, --set and --set-json, whatever stands beneath or beside them. It is
// nil also when they cannot be read, which Options.Validate says.
func (p *program) unfit(options chart.Options) error {
	return p.refusedBySchema(chart.Options{
		Name: "federation", Namespace: chart.DefaultNamespace, Base: options.Base, Set: options.Set, SetJSON: options.SetJSON,
	})
}

// refusedBySchema is what the chart's schema has against the options, which no values beneath them would mend. Elements of lists are
// left out: all the rest of the list may lie beneath.
func (p *program) refusedBySchema(options chart.Options) error {
	ofElement := func(expr string) bool {
		return slices.ContainsFunc(strings.Split(expr, ","), func(each string) bool { // several may be in one
			path, _, _ := strings.Cut(each, "=")
			return strings.Contains(path, "[")
		})
	}
	options.Set = slices.DeleteFunc(slices.Clone(options.Set), ofElement)
	options.SetJSON = slices.DeleteFunc(slices.Clone(options.SetJSON), ofElement)
	_, err := p.render(options)
	var values *release.ChartError
	if errors.As(err, &values) && values.Schema {
		return err
	}
	return nil
}

// kept is what the release was given before, and is to keep. It is the first that a command asks the host cluster for.
func (p *program) kept(c *cli.Context, s site, options chart.Options) (release.Kept, error) {
	side := preflight.Side{Client: s.host.Client, Context: s.host.Context, Server: s.host.Server}
	if err := preflight.HostAnswers(c.Context, side); err != nil {
		switch {
		case errors.Is(context.Cause(c.Context), setup.ErrTimedOut):
			return release.Kept{}, errNoAnswer
		case c.Err() != nil:
			return release.Kept{}, c.Err()
		}
		return release.Kept{}, setup.Refused(err)
	}
	chrt, err := chart.Load(p.chart)
	if err != nil {
		return release.Kept{}, err
	}
	kept, err := s.releases.Kept(c.Context, options.Name, chrt.Name(), func() bool { return isUp(c.Context, s.host, options) })
	if errors.Is(err, release.ErrOtherChart) {
		return kept, setup.Refused(err)
	}
	return kept, err
}

// isUp tells that a federation is ready now.
func isUp(ctx context.Context, host *host, options chart.Options) bool {
	s, err := federation.Look(ctx, host.Client, federation.Ref{Name: options.Name, Namespace: options.Namespace})
	return err == nil && s.Ready
}
