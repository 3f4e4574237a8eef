package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/roster"
)

func (p *program) clustersCommand() *cli.Command {
	return &cli.Command{
		Name:      "clusters",
		Usage:     "list the members of a federation, and how they fare",
		UsageText: "fedhelm clusters [flags]",
		Description: "A cluster that is HalfJoined has its credentials in the host cluster, and no Cluster in the federation API: run fedhelm join or unjoin again.\n" +
			"If the federation API does not answer, what the host cluster knows is listed, and the exit code is 1.\n\n" + exitCodesHelp,
		Flags: slices.Concat([]cli.Flag{federationFlag()}, hostFlags(), []cli.Flag{namedOutputFlag()}),
		Action: func(c *cli.Context) error {
			format, formatErr := namedOutputFormat(c)
			if err := usageErrors(c, noArguments(c), formatErr); err != nil {
				return err
			}
			return p.clusters(c, format)
		},
	}
}

func (p *program) clusters(c *cli.Context, format string) error {
	host, err := p.connect(hostFrom(c))
	if err != nil {
		return err
	}
	fed, err := p.federation(c, host)
	if err != nil {
		return err
	}
	var known roster.Clusters
	problem := fed.Unusable
	if problem == nil {
		known = fed.Clusters
	}
	list, err := roster.List(c.Context, host.Client, fed.Ref, known)
	if err != nil && known != nil { // its API answered a moment ago, and does no longer
		problem, known = err, nil
		list, err = roster.List(c.Context, host.Client, fed.Ref, nil)
	}
	if err != nil {
		return err
	}
	found := clusterList{Federation: fed.Name, Namespace: fed.Namespace, Clusters: make([]cluster, 0, len(list))}
	for i := range list {
		found.Clusters = append(found.Clusters, ofMember(&list[i], known != nil))
	}
	if problem != nil {
		found.Problem = problem.Error()
	}
	if err := p.print(format, found, func(w io.Writer) {
		if format == "name" {
			printNames(w, found)
		} else {
			printClusters(w, found, time.Now())
		}
	}); err != nil {
		return err
	}
	if problem != nil {
		return fmt.Errorf("this is only what the host cluster knows: the API of federation %q cannot be used: %w; fedhelm check %s looks for the reason", fed.Name, problem, fed.Name)
	}
	return nil
}
