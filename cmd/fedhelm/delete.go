package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

func (p *program) deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "take a federation's control plane down",
		ArgsUsage: "NAME",
		UsageText: "fedhelm delete NAME [flags]",
		Description: "Refuses while clusters are joined, asks before it deletes anything, removes the federation's records from DNS, and keeps etcd's\n" +
			"data unless told otherwise: fedhelm init under the same name finds it again.\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
			&cli.BoolFlag{Name: "force", Usage: "although clusters are joined, which are left as they are, or its delete hooks fail"},
			&cli.BoolFlag{Name: "keep-dns-records", Usage: "leave the federation's records at the DNS provider, as when that does not answer any more"},
			&cli.BoolFlag{Name: "purge-data", Usage: "delete the claims with etcd's data too"},
			timeoutFlag(),
		}, hostFlags(), progressFlags(), []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			name, argErr := oneName(c)
			format, formatErr := outputFormat(c)
			var askErr error
			if !c.Bool("yes") && !p.interactive {
				askErr = errors.New("nobody can be asked here: give --yes to delete without a question")
			}
			if err := usageErrors(c, argErr, formatErr, askErr); err != nil {
				return err
			}
			return p.delete(c, name, format)
		},
	}
}

func (p *program) delete(c *cli.Context, name, format string) error {
	ref := refFrom(c, name)
	s, err := p.site(c, ref.Namespace)
	if err != nil {
		return err
	}
	result, err := setup.Delete(c.Context, setup.DeleteOptions{
		Ref:        ref,
		Host:       s.host.Host,
		Releases:   s.releases,
		Kubeconfig: setup.Kubeconfig{Files: s.host.files},
		Identity:   identity(),
		Timeout:    c.Duration("timeout"),
		Progress:   s.reporter,
		Confirm: func(plan setup.Plan) (bool, error) {
			if c.Bool("yes") {
				return true, nil
			}
			sure, err := p.confirm(c.Context, question(s.host, plan))
			if errors.Is(err, setup.ErrTimedOut) {
				return false, setup.TimedOut(c.Duration("timeout"), "nobody answered, and nothing was deleted")
			}
			return sure, err
		},
		Force:          c.Bool("force"),
		KeepDNSRecords: c.Bool("keep-dns-records"),
		PurgeData:      c.Bool("purge-data"),
	})
	if err != nil {
		return err
	}
	return p.print(format, result, func(w io.Writer) { printDeleted(w, result, c.Bool("purge-data")) })
}

func question(host *host, plan setup.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Delete federation %s in namespace %s of host cluster %s", plan.Name, plan.Namespace, host.Context)
	if len(plan.Members) > 0 {
		fmt.Fprintf(&b, ", which still has members (%s)", strings.Join(plan.Members, ", "))
	}
	switch {
	case len(plan.Claims) > 0 && plan.Purge:
		fmt.Fprintf(&b, ", AND ALL ITS DATA (claims %s)", strings.Join(plan.Claims, ", "))
	case len(plan.Claims) > 0:
		fmt.Fprintf(&b, "; its data stays in claims %s", strings.Join(plan.Claims, ", "))
	}
	return b.String()
}

func printDeleted(w io.Writer, d setup.Deleted, purge bool) {
	if !d.Deleted {
		fmt.Fprintln(w, "Nothing was deleted.")
		return
	}
	fmt.Fprintf(w, "Federation %s is deleted.\n", d.Name)
	if purge && len(d.DataPurged) == 0 {
		fmt.Fprintln(w, "No claim of its own was there to purge: data in an etcd or a claim of yours (--etcd-servers, --etcd-existing-claim) is left to you.")
	}
	if len(d.DataKept) > 0 {
		fmt.Fprintf(w, "Its data is kept in namespace %s, in claims %s; to delete it too: fedhelm delete %s --purge-data%s\n",
			d.Namespace, strings.Join(d.DataKept, ", "), d.Name, namespaceHint(d.Namespace))
	}
}

// namespaceHint completes a command line that is shown to the user.
func namespaceHint(namespace string) string {
	if namespace == chart.DefaultNamespace {
		return ""
	}
	return " --federation-system-namespace=" + namespace
}

// confirm asks on the terminal; anything but yes is no. The end of ctx, with its cause, ends the wait for an answer.
func (p *program) confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(p.stderr, "%s? [y/N] ", question)
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() { // a terminal that is read cannot be told to stop: this goroutine may outlive the question, and ends with the program
		text, err := bufio.NewReader(p.stdin).ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.stderr)
		return false, context.Cause(ctx)
	case answer := <-read:
		if answer.err != nil && answer.text == "" {
			return false, fmt.Errorf("read the answer: %w", answer.err)
		}
		yes := strings.ToLower(strings.TrimSpace(answer.text))
		return yes == "y" || yes == "yes", nil
	}
}
