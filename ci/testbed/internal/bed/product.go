package bed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/build"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/image"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

// versionPackage holds the product's version, which the linker sets.
const versionPackage = "github.com/fedhelm/fedhelm/pkg/version"

// Load builds our image from the working tree and imports it into every cluster with real nodes. What has not changed
// since the last time costs nothing.
func (b Bed) Load(ctx context.Context) error {
	unlock, err := b.State.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := b.State.Require()
	if err != nil {
		return err
	}
	return b.load(ctx, p, b.packInBackground(ctx, false))
}

// packInBackground starts to build and pack our image; the function waits for it.
func (b Bed) packInBackground(ctx context.Context, skip bool) func() (image.Archive, error) {
	if skip {
		return nil
	}
	var archive image.Archive
	var g errgroup.Group
	g.Go(func() (err error) {
		archive, err = b.PackProduct(ctx)
		return err
	})
	return func() (image.Archive, error) {
		err := g.Wait()
		return archive, err
	}
}

func (b Bed) load(ctx context.Context, p *plan.Bed, packed func() (image.Archive, error)) error {
	archive, err := packed()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, pc := range p.Clusters {
		if pc.Nodes != plan.Real {
			continue
		}
		c, err := b.cluster(pc)
		if err != nil {
			return err
		}
		g.Go(func() error {
			names, err := c.Importer().Import(ctx, []image.Archive{archive})
			if err == nil && len(names) > 0 {
				fmt.Fprintf(b.Progress, "%-10s has %s (%.19s)\n", c.Name, archive.Name, archive.Digest)
			}
			return err
		})
	}
	return g.Wait()
}

// PackProduct builds all our programs and packs them.
func (b Bed) PackProduct(ctx context.Context) (image.Archive, error) {
	version, err := b.chartVersion()
	if err != nil {
		return image.Archive{}, err
	}
	programs, err := b.programs()
	if err != nil {
		return image.Archive{}, err
	}
	bin := filepath.Join(b.Builder.Cache, "product")
	if err := os.MkdirAll(bin, 0o750); err != nil {
		return image.Archive{}, err
	}
	args := []string{"build", "-ldflags=-s -w -X " + versionPackage + ".version=" + version, "-o", bin + "/"}
	for _, p := range programs {
		args = append(args, "./cmd/"+p)
	}
	if err := run(ctx, b.Repository, build.Environ(), "go", args...); err != nil {
		return image.Archive{}, fmt.Errorf("build our programs: %w", err)
	}
	return image.Pack(filepath.Join(b.Builder.Cache, "images"), image.Product(version, bin, programs))
}

// programs are the commands of the repository: the one image has them all.
func (b Bed) programs() ([]string, error) {
	mains, err := filepath.Glob(filepath.Join(b.Repository, "cmd", "*", "main.go"))
	if err != nil {
		return nil, err
	}
	if len(mains) == 0 {
		return nil, fmt.Errorf("no programs in %s", filepath.Join(b.Repository, "cmd"))
	}
	names := make([]string, len(mains))
	for i, m := range mains {
		names[i] = filepath.Base(filepath.Dir(m))
	}
	return names, nil
}

// chartVersion is the tag by which the charts name our image.
func (b Bed) chartVersion() (string, error) {
	path := filepath.Join(b.Repository, "Chart.yaml")
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var chart struct {
		AppVersion string `json:"appVersion"`
	}
	if err := yaml.Unmarshal(content, &chart); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if chart.AppVersion == "" {
		return "", errors.New(path + " has no appVersion")
	}
	return chart.AppVersion, nil
}
