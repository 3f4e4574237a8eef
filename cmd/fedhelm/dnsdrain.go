package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

func (p *program) dnsDrainCommand() *cli.Command {
	return p.drainCommand("drain", "take a member out of all names, or out of those of one Service",
		"Annotates the Cluster (with --service the Service), and waits until no name leads to the member. What runs there goes on,\n"+
			"and pods of the member itself still get its own Service. Services that no other member backs have no names until fedhelm dns undrain.\n",
		dnsview.Drain)
}

func (p *program) dnsUndrainCommand() *cli.Command {
	return p.drainCommand("undrain", "bring a member back into names that it was taken out of by drain",
		"Takes the annotation off, and waits until names lead to the member again, as far as it can back them.\n",
		dnsview.Undrain)
}

func (p *program) drainCommand(name, usage, description string, run func(context.Context, dnsview.DrainOptions) (dnsview.Drained, error)) *cli.Command {
	return &cli.Command{
		Name:        name,
		Usage:       usage,
		ArgsUsage:   "CLUSTER",
		UsageText:   "fedhelm dns " + name + " CLUSTER [--service NAMESPACE/NAME] [flags]",
		Description: description + dnsWay + "\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "service", Usage: "only the names of Service `NAMESPACE/NAME`"},
			timeoutFlag(),
		}, wayFlags(), progressFlags()[:1], []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			o := dnsview.DrainOptions{Timeout: c.Duration("timeout"), Progress: p.reporter(c)}
			var argErr, serviceErr error
			o.Cluster, argErr = exactlyOne(c, "CLUSTER")
			if c.IsSet("service") {
				o.Namespace, o.Service, serviceErr = serviceFrom(c.String("service"))
			}
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, argErr, serviceErr, onlyOneWay(c), formatErr); err != nil {
				return err
			}
			return p.drain(c, o, format, run)
		},
	}
}

func (p *program) drain(c *cli.Context, o dnsview.DrainOptions, format string, run func(context.Context, dnsview.DrainOptions) (dnsview.Drained, error)) error {
	api, way, err := p.names(c)
	if err != nil {
		return err
	}
	o.API = api
	drained, err := run(c.Context, o)
	if err != nil {
		return err
	}
	return p.print(format, drained, func(w io.Writer) { printDrained(w, &drained, way.flags) })
}

func printDrained(w io.Writer, d *dnsview.Drained, flags string) {
	what, direction := "drained", "elsewhere now"
	if !d.Drained {
		what, direction = "brought back", "to it again"
	}
	if !d.Changed {
		what = map[bool]string{true: "was drained already", false: "was not drained"}[d.Drained]
	}
	of := ""
	if d.Service != "" {
		of = " for Service " + d.Service
	}
	fmt.Fprintf(w, "cluster %q %s%s\n", d.Cluster, what, of)
	if len(d.Moved) > 0 {
		fmt.Fprintf(w, "%s %s; who has asked before may keep the former answer for up to %s\n", leading(len(d.Moved)), direction, ttl(d.TTL))
	}
	if len(d.Unbacked) > 0 {
		fmt.Fprintf(w, "No other member backs these, so they have no names now: %s\n", strings.Join(d.Unbacked, ", "))
	}
	for _, kept := range d.Kept {
		fmt.Fprintf(w, "The names of %s do not lead to it: %s\n", kept.Service, cell(because(kept.Reason, kept.Message)))
	}
	if d.Drained {
		service := ""
		if d.Service != "" {
			service = " --service=" + d.Service
		}
		fmt.Fprintf(w, "Bring it back with: fedhelm dns undrain %s%s%s\n", d.Cluster, service, flags)
	}
}

func leading(services int) string {
	if services == 1 {
		return "The names of 1 Service lead"
	}
	return fmt.Sprintf("The names of %d Services lead", services)
}
