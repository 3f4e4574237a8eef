package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/version"
)

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the versions of fedhelm, its chart, and the host cluster",
		UsageText:   "fedhelm version [--client] [flags]",
		Description: "The host cluster's version is left out when it does not answer.\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "client", Usage: "do not ask the host cluster"},
		}, hostFlags()[:2], []cli.Flag{outputFlag()}),
		Action: func(c *cli.Context) error {
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, noArguments(c), formatErr); err != nil {
				return err
			}
			return p.version(c, format)
		},
	}
}

// versions is the result of the command.
type versions struct {
	Client version.Info `json:"client"`
	Chart  string       `json:"chart"`
	Host   string       `json:"host,omitempty"` // Kubernetes version
}

// hostAnswerLimit keeps `fedhelm version` quick when the host cluster is away.
const hostAnswerLimit = 3 * time.Second

func (p *program) version(c *cli.Context, format string) error {
	chrt, err := chart.Load(p.chart)
	if err != nil {
		return err
	}
	v := versions{Client: version.Get(), Chart: chrt.Metadata.Version}
	if !c.Bool("client") {
		v.Host = p.hostVersion(c)
	}
	return p.print(format, v, func(w io.Writer) {
		fmt.Fprintf(w, "fedhelm:      %s\nchart:        %s\n", v.Client, v.Chart)
		if v.Host != "" {
			fmt.Fprintf(w, "host cluster: %s\n", v.Host)
		}
	})
}

func (p *program) hostVersion(c *cli.Context) string {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return ""
	}
	answer := make(chan string, 1)
	go func() {
		if info, err := host.Client.Discovery().ServerVersion(); err == nil {
			answer <- info.GitVersion
		}
		close(answer)
	}()
	select {
	case v := <-answer:
		return v
	case <-time.After(hostAnswerLimit):
		return ""
	}
}
