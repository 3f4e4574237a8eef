package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

func (p *program) listCommand() *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the federations of a host cluster",
		UsageText:   "fedhelm list [flags]",
		Description: "In all namespaces, however they were installed.\n\n" + exitCodesHelp,
		Flags:       slices.Concat(hostFlags()[:2], []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, noArguments(c), formatErr); err != nil {
				return err
			}
			return p.list(c, format)
		},
	}
}

// listed is one line of the list.
type listed struct {
	federation.Ref
	Ready   string `json:"ready"` // how many of its workloads are
	Members int    `json:"members"`
}

func (p *program) list(c *cli.Context, format string) error {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return err
	}
	refs, err := federation.List(c.Context, host.Client)
	if err != nil {
		return err
	}
	lines := make([]listed, 0, len(refs))
	for _, ref := range refs {
		workloads, err := federation.Workloads(c.Context, host.Client, ref)
		if err != nil {
			return err
		}
		members, err := federation.Members(c.Context, host.Client, ref)
		if err != nil {
			return err
		}
		ready := 0
		for _, w := range workloads {
			if w.Done() {
				ready++
			}
		}
		lines = append(lines, listed{Ref: ref, Ready: fmt.Sprintf("%d/%d", ready, len(workloads)), Members: len(members)})
	}
	return p.print(format, lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintf(w, "There is no federation in host cluster %s.\n", host.Context)
			return
		}
		table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		fmt.Fprintln(table, "NAME\tNAMESPACE\tREADY\tMEMBERS")
		for _, l := range lines {
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", l.Name, l.Namespace, l.Ready, l.Members)
		}
		_ = table.Flush() // w is a buffer
	})
}
