package main

import (
	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/progress"
)

// site is what a command needs that changes a federation: its host cluster, Helm's releases in its namespace, and who tells how it goes.
type site struct {
	host     *host
	releases releases
	reporter *progress.Reporter
}

// site does not yet talk to the host cluster. What Helm does there is told to the reporter.
func (p *program) site(c *cli.Context, namespace string) (s site, err error) {
	if s.host, err = p.connect(hostFrom(c)); err != nil {
		return s, err
	}
	s.reporter = p.reporter(c)
	s.releases, err = s.host.releases(namespace, watched(s.reporter))
	return s, err
}
