package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

func (p *program) dnsResolveCommand() *cli.Command {
	return &cli.Command{
		Name:      "resolve",
		Usage:     "show step by step where a name leads, and ask the DNS of the member that it is looked at from",
		ArgsUsage: "NAME",
		UsageText: "fedhelm dns resolve NAME [--from CLUSTER] [flags]",
		Description: "NAME is SERVICE.NAMESPACE.FEDERATION, that in full (web.shop.fellowship.svc.cluster.local), or a name in a DNS zone of the federation.\n" +
			"With --from it is what a pod of that member gets, which is also asked through the kubeconfig's context of its name, or --cluster-context.\n" +
			"Without, it is what anybody gets who asks for the name of the whole federation. Ends with exit code 0 whatever comes of it.\n" + dnsWay + "\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "`CLUSTER` whose pod asks"},
			dnsZoneFlag("DNS `ZONE` to look into, of several that the federation has"),
			&cli.StringFlag{Name: "cluster-context", Category: categoryMember, Usage: "kubeconfig `CONTEXT` of CLUSTER, instead of the one of its name"},
			&cli.StringFlag{Name: "cluster-kubeconfig", Category: categoryMember, Usage: "kubeconfig `FILE` with that context, instead of the one of --kubeconfig", TakesFile: true},
		}, wayFlags(), []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			name, argErr := exactlyOne(c, "NAME")
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, argErr, askerErr(c), onlyOneWay(c), formatErr); err != nil {
				return err
			}
			return p.dnsResolve(c, dnsview.Question{Name: name, From: c.String("from"), Zone: c.String("dns-zone")}, format)
		},
	}
}

// askerErr checks the flags that say who asks.
func askerErr(c *cli.Context) error {
	if from := c.String("from"); c.IsSet("from") {
		if err := chart.ValidateCluster(from); err != nil {
			return fmt.Errorf("--from: %w", err)
		}
		return nil
	}
	if c.IsSet("cluster-context") || c.IsSet("cluster-kubeconfig") {
		return errors.New("--cluster-context and --cluster-kubeconfig are for the member that is looked at from: name it with --from")
	}
	return nil
}

func (p *program) dnsResolve(c *cli.Context, q dnsview.Question, format string) error {
	if q.From != "" {
		var err error
		if q.Way, q.NoWay, err = p.wayToAsk(c, q.From); err != nil {
			return err
		}
	}
	api, way, err := p.names(c)
	if err != nil {
		return err
	}
	q.Main = way.zone
	view, err := dnsview.Read(c.Context, api, cmp.Or(dnsview.NamespaceOf(q.Name), metav1.NamespaceDefault)) // no more may be allowed
	if err != nil {
		return err
	}
	resolution, err := view.Resolve(c.Context, q)
	if err != nil {
		return err
	}
	return p.print(format, resolution, func(w io.Writer) { printResolution(w, &resolution) })
}

// wayToAsk leads to a member by the context that was chosen or by that of its name. That there is none of its name is no error.
func (p *program) wayToAsk(c *cli.Context, member string) (_ *dnsview.Way, noWay string, _ error) {
	reached, err := p.connectMember(memberFrom(c, member))
	var usage *usageError
	switch {
	case errors.As(err, &usage) && !c.IsSet("cluster-context") && !c.IsSet("cluster-kubeconfig"):
		return nil, fmt.Sprintf("the kubeconfig has no context %q; name one that leads to it with --cluster-context", member), nil
	case err != nil:
		return nil, "", err
	}
	return &dnsview.Way{Client: reached.Client, Ask: p.ask(reached), Context: reached.Context}, "", nil
}

// askPods asks through the member's API server.
func askPods(m *memberCluster) memberdns.Ask { return memberdns.PortForward(m.Client, m.Config) }
