package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

func (p *program) unjoinCommand() *cli.Command {
	return &cli.Command{
		Name:      "unjoin",
		Usage:     "take a cluster out of the federation",
		ArgsUsage: "NAME",
		UsageText: "fedhelm unjoin NAME [flags]",
		Description: "Undoes what join did, in the member and in the host cluster, the registration last: it can be run again whatever became of it.\n" +
			"What the federation has in the member stays there, without the federation's marks, unless --workloads=delete says otherwise.\n" +
			"A member that is gone for good is taken out by --force, which says what stays in it.\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "workloads", Value: string(join.KeepWorkloads), Usage: "`keep|delete` the federation's objects in the member"},
			&cli.BoolFlag{Name: "force", Usage: "leave out what does not answer: the member, the federation's API"},
			&cli.BoolFlag{Name: "dry-run", Usage: "tell what would be done, and do nothing"},
			timeoutFlag(),
		}, memberFlags(), []cli.Flag{federationFlag()}, hostFlags(), progressFlags(), []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			name, argErr := memberName(c)
			format, formatErr := outputFormat(c)
			workloads, workloadsErr := workloadsFrom(c)
			if err := usageErrors(c, argErr, formatErr, workloadsErr, federationNamed(c)); err != nil {
				return err
			}
			return p.unjoin(c, name, workloads, format)
		},
	}
}

// memberName is the one argument of commands that are about a member.
func memberName(c *cli.Context) (string, error) {
	name, err := optionsName(c)
	if err == nil {
		err = chart.ValidateCluster(name)
	}
	return name, err
}

// federationNamed checks the flags that say which federation is meant.
func federationNamed(c *cli.Context) error {
	errs := []error{chart.ValidateNamespace(c.String("federation-system-namespace"))}
	if name := c.String("federation"); name != "" {
		if err := chart.ValidateName(name); err != nil {
			errs = append(errs, fmt.Errorf("--federation: %w", err))
		}
	}
	return errors.Join(errs...)
}

func workloadsFrom(c *cli.Context) (join.Workloads, error) {
	switch workloads := join.Workloads(c.String("workloads")); workloads {
	case join.KeepWorkloads, join.DeleteWorkloads:
		return workloads, nil
	default:
		return "", fmt.Errorf("--workloads: %q is neither keep nor delete", workloads)
	}
}

func (p *program) unjoin(c *cli.Context, name string, workloads join.Workloads, format string) error {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return err
	}
	fed, err := p.federation(c, host)
	if errors.Is(err, federation.ErrNone) && c.Bool("force") && c.IsSet("federation") { // it is gone, and has left its members as they were
		fed, err = join.Federation{Ref: refFrom(c, c.String("federation")), Unusable: err}, nil
	}
	if err != nil {
		return setup.Refused(err)
	}
	reporter := p.reporter(c)
	o := join.UnjoinOptions{
		Name: name, Host: host.Host, Federation: fed,
		Workloads: workloads, Force: c.Bool("force"), DryRun: c.Bool("dry-run"),
		Identity: identity(), Timeout: c.Duration("timeout"), Progress: reporter,
	}
	to := memberFrom(c, name)
	member, err := p.connectMember(to)
	switch {
	case err == nil:
		if o.Member, err = member.in(fed.Namespace, watched(reporter)); err != nil {
			return err
		}
	case c.IsSet("cluster-context"), c.IsSet("cluster-kubeconfig"):
		return err // a slip of the pen is no member that is gone
	default:
		o.NoMember, o.Member = err, join.Member{Context: to.context}
	}
	result, err := join.Unjoin(c.Context, o)
	if err != nil {
		return err
	}
	return p.print(format, result, unjoinedText(result, host.Context, o.Member))
}
