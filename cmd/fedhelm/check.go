package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	fedchart "github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/check"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

func (p *program) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "look for what is wrong with a federation and its members, and say how to mend it",
		ArgsUsage: "NAME [CLUSTER]",
		UsageText: "fedhelm check NAME [CLUSTER] [flags]",
		Description: "NAME is the federation; with CLUSTER only that member is looked at, beside the control plane. Nothing is changed.\n" +
			"Members are looked at from inside by the kubeconfig's context of their name, or by --cluster-context; without it these checks are skipped.\n" +
			"docs/operations.md says what each check means. Ends with exit code 1 if one fails, 0 with warnings.\n\n" + exitCodesHelp,
		Flags: slices.Concat(hostFlags(), []cli.Flag{
			&cli.StringFlag{Name: "cluster-context", Category: categoryMember, Usage: "kubeconfig `CONTEXT` of CLUSTER, instead of the one of its name"},
			&cli.StringFlag{Name: "cluster-kubeconfig", Category: categoryMember, Usage: "kubeconfig `FILE` with that context, instead of the one of --kubeconfig", TakesFile: true},
			outputFlag(),
		}),
		Action: func(c *cli.Context) error {
			name, cluster, argErr := nameAndCluster(c)
			format, formatErr := outputFormat(c)
			var flagErr error
			if cluster == "" && (c.IsSet("cluster-context") || c.IsSet("cluster-kubeconfig")) {
				flagErr = errors.New("--cluster-context and --cluster-kubeconfig are for one member: name it, as in fedhelm check NAME CLUSTER")
			}
			if err := usageErrors(c, argErr, flagErr, formatErr); err != nil {
				return err
			}
			return p.check(c, name, cluster, format)
		},
	}
}

// nameAndCluster are the arguments: a federation's name and, if it is there, a member's.
func nameAndCluster(c *cli.Context) (name, cluster string, err error) {
	if c.NArg() < 1 || c.NArg() > 2 {
		return "", "", fmt.Errorf("NAME and perhaps CLUSTER are required, got %d arguments; see fedhelm check --help", c.NArg())
	}
	name, cluster = c.Args().Get(0), c.Args().Get(1)
	return name, cluster, fedchart.ValidateName(name)
}

// checked is the result of the command. docs/operations.md has its fields: they stay.
type checked struct {
	Federation string       `json:"federation"`
	Namespace  string       `json:"namespace"`
	Result     check.Level  `json:"result"` // the worst of all
	Checks     check.Report `json:"checks"`
}

func (p *program) check(c *cli.Context, name, cluster, format string) error {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return err
	}
	target, err := p.target(c, host, name, cluster)
	if err != nil {
		return err
	}
	report, err := check.Examine(c.Context, target)
	if err != nil {
		return err
	}
	result := checked{Federation: target.Name, Namespace: target.Namespace, Result: report.Worst(), Checks: report}
	if err := p.print(format, result, func(w io.Writer) { printReport(w, report, marksFor(p.getenv)) }); err != nil {
		return err
	}
	if err := c.Err(); err != nil { // interrupted
		return err
	}
	if failed := report.Names(check.Failure); len(failed) > 0 {
		return fmt.Errorf("federation %q is not well: %s", target.Name, strings.Join(failed, ", "))
	}
	return nil
}

// target finds the federation and the ways to it. A host cluster that does not answer is no error: the checks tell of it.
func (p *program) target(c *cli.Context, host *host, name, cluster string) (*check.Target, error) {
	asking, cancel := context.WithTimeout(c.Context, checkAnswer)
	defer cancel()
	ref, err := federation.Find(asking, host.Client, federation.Wanted{
		Name: name, Namespace: c.String("federation-system-namespace"), Only: c.IsSet("federation-system-namespace"), Context: host.Context,
	})
	switch {
	case errors.Is(err, federation.ErrNone), errors.Is(err, federation.ErrSeveral):
		return nil, err
	case err != nil:
		ref = refFrom(c, name)
	}
	t := &check.Target{
		Ref: ref, Only: cluster,
		Host: check.Server{Client: host.Client, Objects: host.Objects, URL: host.Server, Context: host.Context, Kubeconfig: c.String("kubeconfig")},
	}
	if t.Host.Prober, err = check.NewProber(host.config); err != nil {
		return nil, err
	}
	if t.API, t.Clusters, err = p.openAPI(asking, host, ref); err != nil {
		t.Unusable = err
	}
	chosen := c.IsSet("cluster-context") || c.IsSet("cluster-kubeconfig")
	if chosen { // what is wrong with it is wrong with the command line
		if _, err := p.connectMember(memberFrom(c, cluster)); err != nil {
			return nil, err
		}
	}
	t.Way = func(member string) (*check.Member, error) {
		return p.way(memberFrom(c, member), member, chosen)
	}
	return t, nil
}

// way leads to a member, by the context that was chosen or by that of its name.
func (p *program) way(o contextOptions, member string, chosen bool) (*check.Member, error) {
	reached, err := p.connectMember(o)
	var usage *usageError
	if errors.As(err, &usage) {
		return nil, fmt.Errorf("the kubeconfig has no context %q; to look at it from inside name CLUSTER %s and --cluster-context", o.context, member)
	}
	if err != nil {
		return nil, err
	}
	prober, err := check.NewProber(reached.Config)
	if err != nil {
		return nil, err
	}
	return &check.Member{
		Server: check.Server{
			Client: reached.Client, Objects: reached.Objects, Prober: prober, URL: reached.Server, Context: reached.Context, Kubeconfig: o.kubeconfig,
		},
		Chosen: chosen,
		Ask:    memberdns.PortForward(reached.Client, reached.Config),
	}, nil
}

// openAPI leads to the federation's own API, by what it published in the host cluster.
func openAPI(ctx context.Context, host *host, ref federation.Ref) (check.Server, check.Clusters, error) {
	api, err := federation.OpenAPI(ctx, host.Client, ref, tune)
	if err != nil {
		return check.Server{}, nil, err
	}
	prober, err := check.NewProber(api.Config)
	if err != nil {
		return check.Server{}, nil, err
	}
	return check.Server{Client: api.Kube(), Prober: prober, URL: api.Server}, api, nil
}
