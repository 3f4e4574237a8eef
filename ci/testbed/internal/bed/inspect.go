package bed

import (
	"context"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/debian"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/image"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
)

// Status writes a line for each component: its process and memory, or that it does not run.
func (b Bed) Status() error {
	p, err := b.State.Require()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(b.Output, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLUSTER\tCOMPONENT\tPID\tMEMORY (MiB)")
	total := 0
	for _, pc := range p.Clusters {
		c, err := b.cluster(pc)
		if err != nil {
			return err
		}
		for _, name := range c.Components() {
			pid := c.Processes().Pid(name)
			if pid == 0 {
				fmt.Fprintf(w, "%s\t%s\tnot running\t\n", c.Name, name)
				continue
			}
			mem := proc.Memory(pid)
			total += mem
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", c.Name, name, pid, mem>>20)
		}
	}
	fmt.Fprintf(w, "\ttotal\t\t%d\n", total>>20)
	return w.Flush()
}

// Images packs all images and prints name and archive of each.
func (b Bed) Images(ctx context.Context) error {
	tools, err := debian.Ensure(ctx, b.Progress)
	if err != nil {
		return err
	}
	programs, err := b.Builder.Ensure(ctx)
	if err != nil {
		return err
	}
	upstream, err := b.upstream(ctx, programs, tools)
	if err != nil {
		return err
	}
	archives, err := image.PackAll(b.archives(programs), upstream.All())
	if err != nil {
		return err
	}
	ours, err := b.PackProduct(ctx)
	if err != nil {
		return err
	}
	for _, a := range append(archives, ours) {
		fmt.Fprintf(b.Output, "%s\t%s\n", a.Name, filepath.Clean(a.Path))
	}
	return nil
}

// Stop kills one component of a cluster.
func (b Bed) Stop(ctx context.Context, cluster, component string) error {
	unlock, err := b.State.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c, err := b.Cluster(cluster)
	if err != nil {
		return err
	}
	return c.Stop(component)
}

// Start starts one component of a cluster.
func (b Bed) Start(ctx context.Context, cluster, component string) error {
	unlock, err := b.State.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c, err := b.Cluster(cluster)
	if err != nil {
		return err
	}
	return c.Start(ctx, component)
}
