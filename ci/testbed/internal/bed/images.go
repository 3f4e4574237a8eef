package bed

import (
	"context"
	"path/filepath"
	"slices"
	"sync"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/cluster"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/debian"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/image"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

// packer packs images once for all clusters, when the first of them asks.
type packer struct {
	node, workload, controlPlane func() ([]image.Archive, error)
}

func (b Bed) upstream(ctx context.Context, programs string, tools debian.Tools) (image.Upstream, error) {
	applets, err := debian.Applets(ctx, tools.Busybox)
	if err != nil {
		return image.Upstream{}, err
	}
	return image.Upstream{Programs: programs, Shell: image.Shell{Path: tools.Busybox, Applets: applets}}, nil
}

// archives is where the images of a set of programs are packed.
func (b Bed) archives(programs string) string {
	return filepath.Join(b.Builder.Cache, "images", filepath.Base(programs))
}

func (b Bed) packer(ctx context.Context, programs string, tools debian.Tools) (packer, error) {
	u, err := b.upstream(ctx, programs, tools)
	if err != nil {
		return packer{}, err
	}
	once := func(images []image.Image) func() ([]image.Archive, error) {
		return sync.OnceValues(func() ([]image.Archive, error) { return image.PackAll(b.archives(programs), images) })
	}
	return packer{node: once(u.Node()), workload: once(u.Workload()), controlPlane: once(u.ControlPlane())}, nil
}

// of says which images a cluster gets: a federation's control plane is in the host cluster alone.
func (p packer) of(c plan.Cluster) cluster.Images {
	if !c.IsHost() {
		return cluster.Images{Node: p.node, Others: p.workload}
	}
	return cluster.Images{Node: p.node, Others: func() ([]image.Archive, error) {
		w, err := p.workload()
		if err != nil {
			return nil, err
		}
		c, err := p.controlPlane()
		return slices.Concat(c, w), err
	}}
}
