package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/describe"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

func (p *program) describeCommand() *cli.Command {
	controlPlane := namespaceFlag()
	controlPlane.Aliases = nil // as in kubectl, -n is the namespace of the object
	return &cli.Command{
		Name:      "describe",
		Usage:     "show how one object of a federation fares in all members",
		ArgsUsage: "KIND/NAME",
		UsageText: "fedhelm describe KIND/NAME [-n NAMESPACE] [flags]",
		Description: "KIND is what kubectl takes: deploy, deployment, deployments.apps. The federation is that of the host cluster; who has no access to a host\n" +
			"cluster names a context of the federation itself with --context. Ends with exit code 0 however the object fares.\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: metav1.NamespaceDefault, Usage: "`NAMESPACE` of the object in the federation"},
			&cli.StringFlag{Name: "context", Usage: "kubeconfig `CONTEXT` of the federation itself, instead of looking for it in the host cluster"},
			federationFlag(), controlPlane, outputFlag(),
		}, hostClusterFlags()),
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

// onlyOneWay refuses two ways to a federation at once.
func onlyOneWay(c *cli.Context) error {
	if !c.IsSet("context") {
		return nil
	}
	for _, name := range []string{"federation", "host-cluster-context", "federation-system-namespace"} {
		if c.IsSet(name) {
			return fmt.Errorf("--context leads to the federation itself, --%s to its host cluster: choose one", name)
		}
	}
	return nil
}

func (p *program) describe(c *cli.Context, request describe.Request, format string) error {
	config, err := p.federationConfig(c)
	if err != nil {
		return err
	}
	api, err := p.objects(config)
	if err != nil {
		return err
	}
	d, err := describe.Gather(c.Context, api, request)
	if err != nil {
		return err
	}
	return p.print(format, d, func(w io.Writer) { printDescription(w, &d, time.Now()) })
}

// federationConfig leads to the federation's API: by its context, or by what it published in the host cluster.
func (p *program) federationConfig(c *cli.Context) (*rest.Config, error) {
	if c.IsSet("context") {
		own, err := p.connectMember(contextOptions{
			kubeconfig: c.String("kubeconfig"), context: c.String("context"), kubeconfigFlag: "--kubeconfig", contextFlag: "--context",
		})
		if err != nil {
			return nil, err
		}
		return own.Config, nil
	}
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return nil, err
	}
	fed, err := p.federation(c, host)
	if err != nil {
		return nil, err
	}
	if fed.Unusable != nil {
		return nil, fmt.Errorf("the API of federation %q cannot be used: %w; fedhelm check %s looks for the reason", fed.Name, fed.Unusable, fed.Name)
	}
	api, err := federation.OpenAPI(c.Context, host.Client, fed.Ref, tune)
	if err != nil {
		return nil, err
	}
	return api.Config, nil
}
