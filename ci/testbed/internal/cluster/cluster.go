// Package cluster brings up one Kubernetes cluster of a test bed: its processes, its node, its add-ons.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/image"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/node"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/pki"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
)

// Cluster is one cluster on this machine.
type Cluster struct {
	plan.Cluster
	// Dir holds everything of it.
	Dir string
	// Programs is the directory of the compiled programs, CNI that of the CNI plugins.
	Programs string
	// ControlPlane is the directory of API server, controller manager and scheduler, which may be of an older version.
	ControlPlane string
	CNI          string
	Self         Self
}

// Self is the test bed's own program, which some of its processes run.
type Self struct {
	Path    string
	Version string // of its content
}

func (c Cluster) path(elem ...string) string {
	return filepath.Join(append([]string{c.Dir}, elem...)...)
}

// PKI is the directory of its certificates.
func (c Cluster) PKI() string { return c.path("pki") }

// AdminKubeconfig is its administrator's.
func (c Cluster) AdminKubeconfig() string { return pki.Kubeconfig(c.PKI(), "admin") }

// Processes are its processes.
func (c Cluster) Processes() proc.Group { return proc.Group{Dir: c.Dir} }

// NodeFiles are those of its real node.
func (c Cluster) NodeFiles() node.Files {
	return node.Files{Dir: c.path("node"), PKI: c.PKI(), CNI: c.CNI}
}

// Importer imports images into its real node.
func (c Cluster) Importer() image.Importer {
	return image.Importer{Socket: c.NodeFiles().Socket(), Record: filepath.Join(c.NodeFiles().Containerd(), "images.json")}
}

// Certificates makes what its processes need before they start.
func (c Cluster) Certificates() error {
	return pki.Ensure(c.PKI(), pki.Options{
		Cluster: c.Name, Server: c.Server(), Node: c.NodeName(),
		IPs: []net.IP{c.Node.AsSlice(), c.APIService.AsSlice()},
	})
}

// Clients configures access to its API.
func (c Cluster) Clients() (*rest.Config, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", c.AdminKubeconfig())
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Burst = 100, 200
	cfg.Timeout = 10 * time.Second
	return cfg, nil
}

// start runs what is not running as it should, and returns what it started.
func (c Cluster) start(names ...string) ([]*proc.Process, error) {
	var started []*proc.Process
	for _, name := range names {
		spec, err := c.spec(name)
		if err != nil {
			return started, err
		}
		if c.Processes().Running(spec) {
			continue
		}
		p, err := c.Processes().Start(spec)
		if err != nil {
			return started, fmt.Errorf("cluster %q: %w", c.Name, err)
		}
		started = append(started, p)
	}
	return started, nil
}

// Start starts one component again, for example after Stop; nothing when it runs.
func (c Cluster) Start(ctx context.Context, component string) error {
	if err := c.known(component); err != nil {
		return err
	}
	if component == mounts { // none of the node's processes can do without, so they come with it
		if err := c.runtime(ctx); err != nil {
			return err
		}
		_, err := c.start(kubelet, kubeProxy)
		return err
	}
	_, err := c.start(component)
	return err
}

// Stop ends one component as a crash would.
func (c Cluster) Stop(component string) error {
	if err := c.known(component); err != nil {
		return err
	}
	return c.Processes().Stop(component)
}

func (c Cluster) known(component string) error {
	if !slices.Contains(c.Components(), component) {
		return fmt.Errorf("cluster %q has no component %q; it has %v", c.Name, component, c.Components())
	}
	return nil
}

// waitFor calls done every few milliseconds until it returns nil. A process that ends meanwhile ends the wait, with the
// reason in its log.
func waitFor(ctx context.Context, what string, watch []*proc.Process, done func(context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		last := done(ctx)
		if last == nil {
			return nil
		}
		for _, p := range watch {
			if err := p.Err(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last: %w", what, context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
