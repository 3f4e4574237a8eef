package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

func (p *program) dnsListCommand() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list the names of Services, where they lead, and why not elsewhere",
		ArgsUsage: "[NAME]",
		UsageText: "fedhelm dns list [NAME] [-n NAMESPACE|-A] [flags]",
		Description: "NAME is a Service (web, shop/web) or one of its names (web.shop.fellowship, web.shop.fellowship.svc.example.com).\n" +
			"What is listed is computed from the federation API: see fedhelm dns resolve for what a member really answers.\n" + dnsWay + "\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: metav1.NamespaceDefault, Usage: "`NAMESPACE` of the Services in the federation"},
			&cli.BoolFlag{Name: "all-namespaces", Aliases: []string{"A"}, Usage: "list the Services of all namespaces"},
			dnsZoneFlag("only the names in DNS `ZONE`"),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: categoryOutput, Value: "table", Usage: "`FORMAT` of the result: table, wide, json or yaml"},
		}, wayFlags()),
		Action: func(c *cli.Context) error {
			name, argErr := atMostOne(c)
			filter := dnsview.Filter{Name: name, Zone: c.String("dns-zone")}
			if err := usageErrors(c, argErr, onlyOneWay(c), notBoth(c, "namespace", "all-namespaces"), listFormat(c)); err != nil {
				return err
			}
			return p.dnsList(c, filter)
		},
	}
}

func listFormat(c *cli.Context) error {
	if format := c.String("output"); !slices.Contains([]string{"table", "wide", "json", "yaml"}, format) {
		return fmt.Errorf("--output: %q is none of table, wide, json, yaml", format)
	}
	return nil
}

func (p *program) dnsList(c *cli.Context, filter dnsview.Filter) error {
	api, _, err := p.names(c)
	if err != nil {
		return err
	}
	namespace := c.String("namespace")
	if c.Bool("all-namespaces") {
		namespace = metav1.NamespaceAll
	} else if said := filter.Namespace(); said != "" && !c.IsSet("namespace") {
		namespace = said
	}
	view, err := dnsview.Read(c.Context, api, namespace)
	if apierrors.IsForbidden(err) && namespace == metav1.NamespaceAll {
		err = fmt.Errorf("%w; choose one with --namespace", err)
	}
	if err != nil {
		return err
	}
	listing, err := view.List(filter)
	if err != nil {
		return err
	}
	format := c.String("output")
	return p.print(format, listing, func(w io.Writer) { printListing(w, &listing, namespace, format == "wide") })
}
