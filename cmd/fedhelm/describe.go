package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/describe"
)

func (p *program) describeCommand() *cli.Command {
	return &cli.Command{
		Name:      "describe",
		Usage:     "show how one object of a federation fares in all members",
		ArgsUsage: "KIND/NAME",
		UsageText: "fedhelm describe KIND/NAME [-n NAMESPACE] [flags]",
		Description: "KIND is what kubectl takes: deploy, deployment, deployments.apps. The federation is that of the host cluster; who has no access to a host\n" +
			"cluster names a context of the federation itself with --context. Ends with exit code 0 however the object fares.\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: metav1.NamespaceDefault, Usage: "`NAMESPACE` of the object in the federation"},
			outputFlag(),
		}, wayFlags()),
		Action: func(c *cli.Context) error {
			request, argErr := requestFrom(c)
			format, formatErr := outputFormat(c)
			if err := usageErrors(c, argErr, onlyOneWay(c), formatErr); err != nil {
				return err
			}
			return p.describe(c, request, format)
		},
	}
}

// requestFrom reads KIND/NAME, or KIND and NAME.
func requestFrom(c *cli.Context) (describe.Request, error) {
	words := c.Args().Slice()
	if len(words) == 1 {
		words = strings.Split(words[0], "/")
	}
	if len(words) != 2 || words[0] == "" || words[1] == "" || strings.Contains(words[0]+words[1], "/") {
		return describe.Request{}, fmt.Errorf("exactly one KIND/NAME is required, such as deployment/web, got %q; see fedhelm describe --help", strings.Join(c.Args().Slice(), " "))
	}
	return describe.Request{Resource: words[0], Namespace: c.String("namespace"), Name: words[1]}, nil
}

func (p *program) describe(c *cli.Context, request describe.Request, format string) error {
	way, err := p.wayToFederation(c)
	if err != nil {
		return err
	}
	api, err := p.objects(way.config)
	if err != nil {
		return err
	}
	d, err := describe.Gather(c.Context, api, request)
	if err != nil {
		return err
	}
	return p.print(format, d, func(w io.Writer) { printDescription(w, &d, time.Now()) })
}
