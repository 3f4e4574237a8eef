package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/progress"
)

// Categories of flags in help texts.
const (
	categoryHost   = "Host cluster"
	categoryOutput = "Output"
)

const defaultTimeout = 5 * time.Minute

// hostFlags lead to the host cluster and the namespace there. Every command that talks to it has them.
func hostFlags() []cli.Flag { return append(hostClusterFlags(), namespaceFlag()) }

func hostClusterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "kubeconfig", Category: categoryHost, Usage: "kubeconfig `FILE`, instead of $KUBECONFIG or ~/.kube/config", TakesFile: true},
		&cli.StringFlag{Name: "host-cluster-context", Category: categoryHost, Usage: "kubeconfig `CONTEXT` of the host cluster, instead of the current one"},
	}
}

func namespaceFlag() *cli.StringFlag {
	return &cli.StringFlag{
		Name: "federation-system-namespace", Aliases: []string{"n"}, Category: categoryHost, Value: chart.DefaultNamespace,
		Usage: "`NAMESPACE` of the control plane in the host cluster",
	}
}

func timeoutFlag() *cli.DurationFlag {
	return &cli.DurationFlag{Name: "timeout", Value: defaultTimeout, Usage: "`LIMIT` of the time that all of it may take, such as 90s"}
}

func progressFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: categoryOutput, Usage: "no progress, warnings only"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Category: categoryOutput, Usage: "details of the progress, and what Helm says"},
	}
}

func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: categoryOutput, Usage: "`FORMAT` of the result: json or yaml, instead of text"}
}

// reporter shows progress on stderr, so that the result alone is on stdout.
func (p *program) reporter(c *cli.Context) *progress.Reporter {
	return progress.New(progress.Options{
		Out: p.stderr, Terminal: p.terminal, Width: p.width,
		Quiet: c.Bool("quiet"), Verbose: c.Bool("verbose"),
	})
}
