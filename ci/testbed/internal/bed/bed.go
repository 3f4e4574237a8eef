package bed

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/build"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/cluster"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/debian"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/pki"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/wire"
)

// Bed is a test bed and what it is made with.
type Bed struct {
	State   State
	Builder build.Builder
	// Repository is the product's, for its image.
	Repository string
	// Progress gets a line for each step.
	Progress io.Writer
	// Output gets results.
	Output io.Writer
}

// UpOptions of Up.
type UpOptions struct {
	Plan plan.Options
	// Timeout is for the clusters; compiling their programs takes as long as it takes.
	Timeout time.Duration
	// NoLoad leaves our own image out.
	NoLoad bool
}

// Up brings up a bed with at least the clusters asked for. What is up already stays, what is broken is mended.
// When only our own image fails, the clusters are up all the same.
func (b Bed) Up(ctx context.Context, o UpOptions) error {
	if err := b.State.check(); err != nil {
		return err
	}
	tools, err := debian.Ensure(ctx, b.Progress)
	if err != nil {
		return err
	}
	programs, err := b.Builder.Ensure(ctx)
	if err != nil {
		return err
	}
	if err := b.ensureOlder(ctx, o.Plan); err != nil {
		return err
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	unlock, err := b.State.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := b.settle(o.Plan)
	if err != nil {
		return err
	}
	if err := raiseLimits(); err != nil {
		return err
	}
	self, err := b.installSelf()
	if err != nil {
		return err
	}
	if err := wire.Up(p); err != nil {
		return err
	}
	pk, err := b.packer(ctx, programs, tools)
	if err != nil {
		return err
	}
	ours := b.packInBackground(ctx, o.NoLoad)
	controlPlanes, err := b.controlPlanes(p)
	if err != nil {
		return err
	}
	if err := b.upAll(ctx, begin, p, func(c plan.Cluster) cluster.Cluster {
		return cluster.Cluster{
			Cluster: c, Dir: b.State.path(c.Name), Programs: programs, ControlPlane: controlPlanes[c.Name], Self: self, CNI: tools.CNI,
		}
	}, pk); err != nil {
		return err
	}
	var configs []string
	for _, c := range p.Clusters {
		configs = append(configs, pki.Kubeconfig(b.State.path(c.Name, "pki"), "admin"))
	}
	if err := pki.Merge(b.State.Kubeconfig(), configs); err != nil {
		return err
	}
	if !o.NoLoad {
		err = b.load(ctx, p, ours)
	}
	fmt.Fprintf(b.Progress, "up after %.1f s; contexts %s in:\n", time.Since(begin).Seconds(), strings.Join(p.Names(), ", "))
	fmt.Fprintln(b.Output, b.State.Kubeconfig())
	return err
}

// upAll brings all clusters up at the same time and reports each as it is ready.
func (b Bed) upAll(
	ctx context.Context, begin time.Time, p *plan.Bed, make func(plan.Cluster) cluster.Cluster, images packer,
) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range p.Clusters {
		g.Go(func() error {
			if err := make(c).Up(ctx, images.of(c)); err != nil {
				return fmt.Errorf("bring up cluster %q: %w", c.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(b.Progress, "%-10s %-9s %s/%s  %s  ready after %.1f s%s\n",
				c.Name, c.Nodes, c.Region, c.Zone, c.Server(), time.Since(begin).Seconds(), ofVersion(c))
			return nil
		})
	}
	return g.Wait()
}

// settle decides which bed the state directory is of, and writes it down before anything is made.
func (b Bed) settle(o plan.Options) (*plan.Bed, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	wanted, err := plan.New(o)
	if err != nil {
		return nil, err
	}
	old, err := b.State.read()
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	case old.Boot != boot: // the machine has started anew: only files are left
		if err := b.clear(wanted); err != nil {
			return nil, err
		}
		old = saved{}
	case old.Prefix != wanted.Prefix || old.Network != wanted.Network.String():
		return nil, fmt.Errorf("a test bed with name prefix %q and network %s is up in %s; take it down first: testbed down",
			old.Prefix, old.Network, b.State)
	default:
		if err := errors.Join(keepKinds(wanted, old.Kinds), keepVersions(wanted, old)); err != nil {
			return nil, err
		}
		if o = old.with(o); len(old.Kinds) >= len(wanted.Clusters) { // fewer members than are up: the others stay
			o = old.options()
		}
		if wanted, err = plan.New(o); err != nil {
			return nil, err
		}
	}
	if err := b.unclaimed(wanted); err != nil {
		return nil, err
	}
	sv := saved{Prefix: wanted.Prefix, Network: wanted.Network.String(), Versions: wanted.Versions(), Boot: boot, Inotify: old.Inotify}
	for _, c := range wanted.Clusters[1:] {
		sv.Kinds = append(sv.Kinds, string(c.Nodes))
	}
	if sv.Inotify == 0 {
		if sv.Inotify, err = limitBefore(); err != nil {
			return nil, err
		}
	}
	return wanted, b.State.write(sv)
}

// keepKinds refuses to make a simulated member real, or the other way round, while it is up.
func keepKinds(wanted *plan.Bed, old []string) error {
	for i, c := range wanted.Clusters[1:] {
		if i < len(old) && old[i] != string(c.Nodes) {
			return fmt.Errorf("cluster %q is up with %s nodes, not %s; take the test bed down first: testbed down", c.Name, old[i], c.Nodes)
		}
	}
	return nil
}

// unclaimed refuses a name prefix that another state directory's test bed has.
func (b Bed) unclaimed(p *plan.Bed) error {
	if len(wire.Namespaces(p)) == 0 {
		return nil
	}
	for _, other := range owners(p.Prefix) {
		if other != string(b.State) {
			return fmt.Errorf("name prefix %q belongs to the test bed in %s; choose another with --name-prefix", p.Prefix, other)
		}
	}
	return nil
}

// installSelf copies the running program to where it stays: go run removes its own when it ends.
func (b Bed) installSelf() (cluster.Self, error) {
	exe, err := os.Executable()
	if err != nil {
		return cluster.Self{}, err
	}
	content, err := os.ReadFile(exe)
	if err != nil {
		return cluster.Self{}, err
	}
	self := b.self()
	part := self.Path + ".part"
	if err := os.WriteFile(part, content, 0o700); err != nil { //nolint:gosec // it is a program
		return self, err
	}
	if err := os.Rename(part, self.Path); err != nil {
		return self, err
	}
	self.Version = fmt.Sprintf("%x", sha256.Sum256(content))
	return self, os.WriteFile(b.State.path(selfVersion), []byte(self.Version), 0o600)
}

// selfVersion is the file with the version of the installed program.
const selfVersion = "testbed.version"

func (b Bed) self() cluster.Self {
	version, _ := os.ReadFile(b.State.path(selfVersion)) // none yet is a version like any other
	return cluster.Self{Path: b.State.path("testbed"), Version: string(version)}
}

// Cluster finds a cluster of the bed that is up.
func (b Bed) Cluster(name string) (cluster.Cluster, error) {
	p, err := b.State.Require()
	if err != nil {
		return cluster.Cluster{}, err
	}
	c, err := p.Cluster(name)
	if err != nil {
		return cluster.Cluster{}, err
	}
	return b.cluster(c)
}

func (b Bed) cluster(c plan.Cluster) (cluster.Cluster, error) {
	programs, err := b.Builder.Dir()
	if err != nil {
		return cluster.Cluster{}, err
	}
	controlPlane, err := b.controlPlane(c)
	if err != nil {
		return cluster.Cluster{}, err
	}
	return cluster.Cluster{
		Cluster: c, Dir: b.State.path(c.Name), Programs: programs, ControlPlane: controlPlane, Self: b.self(), CNI: debian.CNI(),
	}, nil
}

func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}
