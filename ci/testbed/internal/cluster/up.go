package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"golang.org/x/sync/errgroup"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/image"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/manifest"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/node"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
)

// Images are what a real node gets.
type Images struct {
	// Node images are there before its kubelet starts, for a pod whose image is missing waits long until the next try.
	Node func() ([]image.Archive, error)
	// Others are there when the cluster is up.
	Others func() ([]image.Archive, error)
}

// Up brings the cluster up, or mends what is broken of it: afterwards its API is ready, its nodes too, and the cluster's
// DNS answers.
func (c Cluster) Up(ctx context.Context, images Images) error {
	if err := c.Certificates(); err != nil {
		return err
	}
	nodeImages := make(chan struct{})
	g, gctx := errgroup.WithContext(ctx)
	if c.Nodes == plan.Real {
		g.Go(func() error {
			if err := c.runtime(gctx); err != nil {
				return err
			}
			if err := c.load(gctx, images.Node); err != nil {
				return err
			}
			close(nodeImages)
			return c.load(gctx, images.Others)
		})
	} else {
		close(nodeImages)
	}
	g.Go(func() error {
		if err := c.controlPlane(gctx); err != nil {
			return err
		}
		select {
		case <-gctx.Done():
			return nil // whoever keeps the images back says why
		case <-nodeImages:
		}
		started, err := c.startNodes(gctx)
		if err != nil {
			return err
		}
		return c.waitReady(gctx, started)
	})
	return g.Wait()
}

func (c Cluster) load(ctx context.Context, images func() ([]image.Archive, error)) error {
	archives, err := images()
	if err != nil {
		return err
	}
	_, err = c.Importer().Import(ctx, archives)
	return err
}

// controlPlane starts etcd, API server, controllers and scheduler, and applies what every cluster has.
func (c Cluster) controlPlane(ctx context.Context) error {
	started, err := c.start(etcd, apiServer)
	if err != nil {
		return err
	}
	cfg, err := c.Clients()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	if err := waitFor(ctx, "the API server of "+c.Name, started, func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}); err != nil {
		return err
	}
	if _, err := c.start(controller, scheduler, addons); err != nil {
		return err
	}
	return c.apply(ctx, cfg)
}

func (c Cluster) apply(ctx context.Context, cfg *rest.Config) error {
	objects, err := manifest.Objects(manifest.Values{DNSService: c.DNSService.String(), CoreDNS: image.CoreDNS})
	if err != nil {
		return err
	}
	if err := manifest.Apply(ctx, cfg, objects); err != nil {
		return fmt.Errorf("cluster %q: %w", c.Name, err)
	}
	return nil
}

// runtime starts containerd, in the node's own mount namespace.
func (c Cluster) runtime(ctx context.Context) error {
	files := c.NodeFiles()
	if err := node.Configure(files, c.Cluster); err != nil {
		return err
	}
	if err := node.EnsureCgroup(c.Netns); err != nil {
		return err
	}
	holder, err := c.spec(mounts)
	if err != nil {
		return err
	}
	if !c.Processes().Running(holder) {
		if err := c.newMounts(ctx); err != nil {
			return err
		}
	}
	started, err := c.start(containerd)
	if err != nil {
		return err
	}
	return waitFor(ctx, "containerd of "+c.Name, started, func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, "ctr", "--address", files.Socket(), "version").CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}

// newMounts begins the node's mount namespace anew. What ran in an earlier one cannot follow, its pods neither.
func (c Cluster) newMounts(ctx context.Context) error {
	if err := c.killNode(); err != nil {
		return err
	}
	if err := errors.Join(remove(c.mountsReady()), os.RemoveAll(c.NodeFiles().ContainerdState()),
		os.MkdirAll(c.NodeFiles().ContainerdState(), 0o750)); err != nil {
		return err
	}
	started, err := c.start(mounts)
	if err != nil {
		return err
	}
	return waitFor(ctx, "the mount namespace of "+c.Name, started, func(context.Context) error {
		_, err := os.Stat(c.mountsReady())
		return err
	})
}

// killNode ends everything that runs on the real node.
func (c Cluster) killNode() error {
	for _, name := range []string{kubelet, kubeProxy, containerd} {
		if err := c.Processes().Stop(name); err != nil {
			return err
		}
	}
	for _, id := range proc.Marked(c.path(containerd)) { // its shims
		if err := proc.Kill(id, 10*time.Second); err != nil {
			return err
		}
	}
	for _, dir := range node.CgroupsOf(c.Netns) {
		for _, id := range node.Members(dir) {
			if err := proc.Kill(id, 10*time.Second); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Cluster) startNodes(ctx context.Context) ([]*proc.Process, error) {
	if c.Nodes == plan.Real {
		return c.start(kubelet, kubeProxy)
	}
	if err := writeStages(c.path("kwok.yaml")); err != nil {
		return nil, err
	}
	started, err := c.start(kwok)
	if err != nil {
		return nil, err
	}
	return started, c.createSimulatedNodes(ctx)
}

// waitReady waits for the nodes, whose processes have just been started, and for the cluster's DNS.
func (c Cluster) waitReady(ctx context.Context, started []*proc.Process) error {
	cfg, err := c.Clients()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	if err := waitFor(ctx, "the nodes of "+c.Name, started, func(ctx context.Context) error {
		return nodesReady(ctx, client)
	}); err != nil {
		return err
	}
	return waitFor(ctx, "the DNS of "+c.Name, started, func(ctx context.Context) error {
		if c.Nodes == plan.Real {
			return c.lookUp(ctx)
		}
		d, err := client.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err == nil && d.Status.AvailableReplicas == 0 {
			err = errors.New("no pod of Deployment kube-system/coredns is available")
		}
		return err
	})
}

// lookUp asks the cluster's DNS for a name that is always there. After a crash, objects in the API still tell how it was
// before; an answer needs a pod and kube-proxy now.
func (c Cluster) lookUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(c.DNSService.String(), "53"))
	}}
	_, err := resolver.LookupHost(ctx, "kubernetes.default.svc.cluster.local.")
	return err
}

func nodesReady(ctx context.Context, client kubernetes.Interface) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(nodes.Items) == 0 {
		return errors.New("no node has registered")
	}
	for _, n := range nodes.Items {
		if err := nodeReady(n); err != nil {
			return err
		}
	}
	return nil
}

func nodeReady(n corev1.Node) error {
	for _, cond := range n.Status.Conditions {
		if cond.Type == corev1.NodeReady && cond.Status == corev1.ConditionTrue {
			return nil
		} else if cond.Type == corev1.NodeReady {
			return fmt.Errorf("node %s is not ready: %s", n.Name, cond.Message)
		}
	}
	return fmt.Errorf("node %s has not reported yet", n.Name)
}
