package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/urfave/cli/v2"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/check"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/release"
)

const categoryMember = "Member cluster"

// memberFlags lead to the member cluster.
func memberFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cluster-context", Category: categoryMember, Usage: "kubeconfig `CONTEXT` of the member cluster, instead of the one named NAME"},
		&cli.StringFlag{Name: "cluster-kubeconfig", Category: categoryMember, Usage: "kubeconfig `FILE` with that context, instead of the one of --kubeconfig", TakesFile: true},
	}
}

// federationFlag chooses among the federations of a host cluster, for commands whose NAME is that of a member.
func federationFlag() cli.Flag {
	return &cli.StringFlag{Name: "federation", Category: categoryHost, Usage: "`NAME` of the federation, needed when the host cluster has several"}
}

// memberCluster is a member, and the kubeconfig that led to it.
type memberCluster struct {
	join.Member
	releases func(namespace string, o release.Options) (releases, error)
}

// memberFrom says which cluster the flags of memberFlags mean, for member name.
func memberFrom(c *cli.Context, name string) contextOptions {
	return contextOptions{
		kubeconfig:     cmp.Or(c.String("cluster-kubeconfig"), c.String("kubeconfig")),
		context:        cmp.Or(c.String("cluster-context"), name),
		kubeconfigFlag: "--cluster-kubeconfig", contextFlag: "--cluster-context",
	}
}

// connectMember reads the kubeconfig. It does not yet talk to the cluster, and the member has no Releases yet: see in.
func connectMember(o contextOptions) (*memberCluster, error) {
	r, err := reach(o)
	if err != nil {
		return nil, err
	}
	return &memberCluster{
		Member:   join.Member{Client: r.client, Objects: r.objects, Config: r.config, Context: r.context, Server: r.config.Host},
		releases: r.releases,
	}, nil
}

// in gives the member with the Helm releases of the federation's namespace.
func (m *memberCluster) in(namespace string, o release.Options) (join.Member, error) {
	member := m.Member
	var err error
	member.Releases, err = m.releases(namespace, o)
	return member, err
}

// federation finds the federation that the flags mean: that of --federation, else the only one of the host cluster. One whose API
// cannot be used is no error.
func (p *program) federation(c *cli.Context, host *host) (join.Federation, error) {
	ref, err := federation.Find(c.Context, host.Client, federation.Wanted{
		Name:      c.String("federation"),
		Namespace: c.String("federation-system-namespace"),
		Only:      c.IsSet("federation-system-namespace"),
		Context:   host.Context,
	})
	if err != nil {
		if !errors.Is(err, federation.ErrNone) && !errors.Is(err, federation.ErrSeveral) && c.Err() == nil {
			side := preflight.Side{Client: host.Client, Context: host.Context, Server: host.Server}
			err = cmp.Or(preflight.HostAnswers(c.Context, side), err)
		}
		return join.Federation{}, err
	}
	return p.open(c.Context, host.Host, ref)
}

// open is join.Open with our clients' manners.
func open(ctx context.Context, host join.Host, ref federation.Ref) (join.Federation, error) {
	return join.Open(ctx, host, ref, tune)
}

// clockOf reads a cluster's clock from what it answers.
func clockOf(config *rest.Config) (preflight.Clock, error) {
	prober, err := check.NewProber(config)
	return check.Clock{Prober: prober}, err
}
