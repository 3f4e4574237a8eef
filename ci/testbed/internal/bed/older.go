package bed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

// ensureOlder compiles the control planes of older versions that are wanted, or that members which are up are of.
func (b Bed) ensureOlder(ctx context.Context, o plan.Options) error {
	old, err := b.State.read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	minors := append(slices.Collect(maps.Values(o.Versions)), slices.Collect(maps.Values(old.Versions))...)
	slices.Sort(minors)
	for _, minor := range slices.Compact(minors) {
		builder, err := b.Builder.Of(minor)
		if err != nil {
			return err
		}
		if _, err := builder.Ensure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// controlPlanes are the directories of the programs that the clusters' control planes run, by the clusters' names.
func (b Bed) controlPlanes(p *plan.Bed) (map[string]string, error) {
	dirs := map[string]string{}
	for _, c := range p.Clusters {
		dir, err := b.controlPlane(c)
		if err != nil {
			return nil, err
		}
		dirs[c.Name] = dir
	}
	return dirs, nil
}

func (b Bed) controlPlane(c plan.Cluster) (string, error) {
	if c.Version == "" {
		return b.Builder.Dir()
	}
	builder, err := b.Builder.Of(c.Version)
	if err != nil {
		return "", err
	}
	return builder.Dir()
}

// keepVersions refuses to give a member another version while it is up. Who asks for none takes it as it is.
func keepVersions(wanted *plan.Bed, old saved) error {
	var errs []error
	for i, c := range wanted.Clusters[1:] {
		was := old.Versions[c.Name]
		if i >= len(old.Kinds) || c.Version == "" || c.Version == was {
			continue
		}
		if was == "" {
			was = "the test bed's own version"
		}
		errs = append(errs, fmt.Errorf("cluster %q is up with Kubernetes of %s, not %s; take the test bed down first: testbed down", c.Name, was, c.Version))
	}
	return errors.Join(errs...)
}

// with are the options for more members than are up, which keep their versions.
func (sv saved) with(o plan.Options) plan.Options {
	versions := maps.Clone(o.Versions)
	for name, version := range sv.Versions {
		if versions == nil {
			versions = map[string]string{}
		}
		versions[name] = version
	}
	o.Versions = versions
	return o
}

// ofVersion ends a cluster's line, if its version is an older one.
func ofVersion(c plan.Cluster) string {
	if c.Version == "" {
		return ""
	}
	return ", Kubernetes " + c.Version
}
