package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

// wayFlags lead to a federation's API, for commands whose -n is, as in kubectl, a namespace in there.
func wayFlags() []cli.Flag {
	controlPlane := namespaceFlag()
	controlPlane.Aliases = nil
	return slices.Concat([]cli.Flag{
		&cli.StringFlag{Name: "context", Usage: "kubeconfig `CONTEXT` of the federation itself, instead of looking for it in the host cluster"},
		federationFlag(), controlPlane,
	}, hostClusterFlags())
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

// way leads to a federation's API.
type way struct {
	config *rest.Config
	zone   string // of DNS, that its members are told of; "": it has none, or that is not known
	flags  string // that lead there from anywhere, for commands that are shown
}

// wayToFederation is by the federation's own context, or by what it published in its host cluster.
func (p *program) wayToFederation(c *cli.Context) (way, error) {
	if c.IsSet("context") {
		own, err := p.connectMember(contextOptions{
			kubeconfig: c.String("kubeconfig"), context: c.String("context"), kubeconfigFlag: "--kubeconfig", contextFlag: "--context",
		})
		if err != nil {
			return way{}, err
		}
		return way{config: own.Config, flags: " --context=" + c.String("context")}, nil
	}
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return way{}, err
	}
	fed, err := p.federation(c, host)
	if err != nil {
		return way{}, err
	}
	if fed.Unusable != nil {
		return way{}, fmt.Errorf("the API of federation %q cannot be used: %w; fedhelm check %s looks for the reason", fed.Name, fed.Unusable, fed.Name)
	}
	api, err := federation.OpenAPI(c.Context, host.Client, fed.Ref, tune)
	if err != nil {
		return way{}, err
	}
	return way{config: api.Config, zone: fed.Zone, flags: hostHint(host.Context, fed.Ref)}, nil
}
