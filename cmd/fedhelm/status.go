package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/diagnosis"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/release"
)

func (p *program) statusCommand() *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "tell how a federation fares",
		ArgsUsage: "NAME",
		UsageText: "fedhelm status NAME [flags]",
		Description: "Looks at its objects in the host cluster, however they were installed. Ends with exit code 1 unless all is ready.\n\n" +
			exitCodesHelp,
		Flags: slices.Concat(hostFlags(), []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			name, argErr := oneName(c)
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, argErr, formatErr); err != nil {
				return err
			}
			return p.status(c, refFrom(c, name), format)
		},
	}
}

// status is the result of the command.
type status struct {
	federation.Status
	Release *release.Info `json:"release,omitempty"` // missing when Helm did not install it
	Problem string        `json:"problem,omitempty"` // what keeps it from being ready
	// DNSZones are those with its names; missing for a federation without DNS. DNSProblem is why nothing can be said of them.
	DNSZones   []dnsview.Zone `json:"dnsZones,omitempty"`
	DNSProblem string         `json:"dnsProblem,omitempty"`
}

// zonesAnswer is how long the federation API may take to tell of its zones: all else is told without it.
const zonesAnswer = 5 * time.Second

func (p *program) status(c *cli.Context, ref federation.Ref, format string) error {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return err
	}
	s, err := look(c, host, ref)
	if err != nil {
		return err
	}
	if err := p.lookAtZones(c.Context, host, &s); err != nil {
		return err
	}
	if err := p.print(format, s, func(w io.Writer) { printStatus(w, s, time.Now()) }); err != nil {
		return err
	}
	if !s.Ready {
		return fmt.Errorf("federation %q is not ready: %s", ref.Name, s.Problem)
	}
	return nil
}

func look(c *cli.Context, host *host, ref federation.Ref) (status, error) {
	var s status
	var err error
	if s.Status, err = federation.Look(c.Context, host.Client, ref); err != nil {
		return s, err
	}
	releases, err := host.releases(ref.Namespace, release.Options{})
	if err != nil {
		return s, err
	}
	info, err := releases.Get(c.Context, ref.Name)
	switch {
	case err == nil:
		s.Release = &info
	case !errors.Is(err, release.ErrNotFound):
		return s, err
	case !s.Found():
		return s, fmt.Errorf("there is no federation %q in namespace %q; fedhelm list shows those that there are", ref.Name, ref.Namespace)
	}
	data, err := federation.Kubeconfig(c.Context, host.Client, ref)
	if err != nil {
		return s, err
	}
	if data != nil {
		config, err := kubeconfig.Decode(data)
		if err != nil {
			return s, fmt.Errorf("kubeconfig in Secret %q in namespace %q: %w", ref.KubeconfigSecret(), ref.Namespace, err)
		}
		if cluster := config.Clusters[ref.Name]; cluster != nil {
			s.Server = cluster.Server
		}
	}
	if !s.Ready {
		s.Problem = problem(c, host, ref)
	}
	return s, nil
}

// lookAtZones asks the federation API how its DNS zones are, if it has any. An API that does not answer is no error.
func (p *program) lookAtZones(ctx context.Context, host *host, s *status) error {
	zone, err := federation.Zone(ctx, host.Client, s.Ref)
	if err != nil || zone == "" {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, zonesAnswer)
	defer cancel()
	if s.DNSZones, err = p.zones(asking, host, s.Ref); err != nil {
		s.DNSProblem = err.Error()
	}
	return ctx.Err()
}

func (p *program) zones(ctx context.Context, host *host, ref federation.Ref) ([]dnsview.Zone, error) {
	api, err := federation.OpenAPI(ctx, host.Client, ref, tune)
	if err != nil {
		return nil, err
	}
	names, err := p.dns(api.Config)
	if err != nil {
		return nil, err
	}
	return dnsview.ReadZones(ctx, names.Zones)
}

func problem(c *cli.Context, host *host, ref federation.Ref) string {
	report, err := diagnosis.Examine(c.Context, host.Client, ref.Namespace, ref.Name)
	switch {
	case err != nil:
		return err.Error()
	case report.Summary() != "":
		return report.Summary()
	default:
		return "nothing in its namespace says why; run fedhelm init again to bring it up"
	}
}
