package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// hostOptions say which host cluster is meant.
type hostOptions struct {
	kubeconfig string // file; "": the usual rules
	context    string // "": the current one
}

// host is the host cluster, and the kubeconfig that led to it.
type host struct {
	setup.Host
	config   *rest.Config
	files    []string // of the kubeconfig, in the order of the loading rules
	releases func(namespace string, o release.Options) (releases, error)
}

// releases is what the commands need of Helm.
type releases interface {
	setup.InitReleases
	Values(ctx context.Context, name string) (map[string]any, error)
	Kept(ctx context.Context, name, chart string, isUp func() bool) (release.Kept, error)
}

func hostFrom(c *cli.Context) hostOptions {
	return hostOptions{kubeconfig: c.String("kubeconfig"), context: c.String("host-cluster-context")}
}

func refFrom(c *cli.Context, name string) federation.Ref {
	return federation.Ref{Name: name, Namespace: c.String("federation-system-namespace")}
}

// connect reads the kubeconfig. It does not yet talk to the cluster.
func connect(o hostOptions) (*host, error) {
	r, err := reach(contextOptions{
		kubeconfig: o.kubeconfig, context: o.context, kubeconfigFlag: "--kubeconfig", contextFlag: "--host-cluster-context",
	})
	if err != nil {
		return nil, err
	}
	return &host{
		Host:     setup.Host{Client: r.client, Objects: r.objects, Context: r.context, Server: r.config.Host},
		config:   r.config,
		files:    r.files,
		releases: r.releases,
	}, nil
}

// identity tells others who holds a lock.
func identity() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "unknown host"
	}
	return fmt.Sprintf("fedhelm process %d on %s", os.Getpid(), name)
}
