package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

func (p *program) kubeconfigCommand() *cli.Command {
	return &cli.Command{
		Name:      "kubeconfig",
		Usage:     "print the administrator's kubeconfig of a federation, or merge it into yours",
		ArgsUsage: "NAME",
		UsageText: "fedhelm kubeconfig NAME [--merge | -o FILE] [flags]",
		Description: "The output holds credentials: a file is made readable to its owner alone.\n\n" +
			exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "-", Usage: "`FILE` to write to; - is the standard output", TakesFile: true},
			&cli.BoolFlag{Name: "merge", Usage: "add the entries to your kubeconfig instead"},
			&cli.BoolFlag{Name: "set-current-context", Usage: "with --merge: make the federation the current context"},
		}, hostFlags()),
		Action: func(c *cli.Context) error {
			name, argErr := oneName(c)
			var mergeErr error
			if c.Bool("merge") && c.IsSet("output") {
				mergeErr = errors.New("--merge and --output exclude each other")
			}
			if c.Bool("set-current-context") && !c.Bool("merge") {
				mergeErr = errors.New("--set-current-context goes only with --merge")
			}
			if err := usageErrors(c, argErr, mergeErr); err != nil {
				return err
			}
			return p.kubeconfig(c, refFrom(c, name))
		},
	}
}

func (p *program) kubeconfig(c *cli.Context, ref federation.Ref) error {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return err
	}
	data, err := federation.Kubeconfig(c.Context, host.Client, ref)
	if err != nil {
		return err
	}
	if data == nil {
		return fmt.Errorf("federation %q in namespace %q has no kubeconfig (Secret %q is not there); fedhelm status %s tells how it fares, fedhelm list which there are",
			ref.Name, ref.Namespace, ref.KubeconfigSecret(), ref.Name)
	}
	entry, err := kubeconfig.Published(data, ref.Name)
	if err != nil {
		return fmt.Errorf("kubeconfig in Secret %q in namespace %q: %w", ref.KubeconfigSecret(), ref.Namespace, err)
	}
	if !c.Bool("merge") {
		return p.writeKubeconfig(c.String("output"), data)
	}
	incoming := kubeconfig.New(entry)
	file, err := kubeconfig.Merge(c.Context, host.files, incoming, kubeconfig.MergeOptions{SetCurrentContext: c.Bool("set-current-context")})
	if err != nil {
		return err
	}
	if warning := kubeconfig.Exposed(file); warning != "" {
		p.reporter(c).Warnf("%s", warning)
	}
	fmt.Fprintf(p.stdout, "Context %s is in %s; use it with: kubectl --context=%s get namespaces\n", incoming.CurrentContext, file, incoming.CurrentContext)
	return nil
}

func (p *program) writeKubeconfig(file string, data []byte) error {
	if file == "-" {
		_, err := p.stdout.Write(data)
		return err
	}
	if err := kubeconfig.WriteFile(file, data); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return nil
}
