package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/ci/bench/internal/manager"
	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// sourceWorkers is how many objects are given to the federation at once; that is not measured.
const sourceWorkers = 32

// world is a federation whose control plane runs in the host cluster, as init installs it, and whose controller manager runs here.
type world struct {
	bench
	host kubernetes.Interface
	api  *federation.API
	ref  federation.Ref

	identity manager.Options // what the controller manager is told
	running  *manager.Process
	sources  int // how many objects of the set the federation has
	extra    int // and how many that changes have created
}

// newWorld installs a federation. With it go what was made, and the processes.
func newWorld(ctx context.Context, b bench) (*world, error) {
	w := &world{bench: b, ref: federation.Ref{Name: federationName, Namespace: b.namespace}}
	if _, err := b.call(ctx, "init", federationName); err != nil {
		return w, err
	}
	config, err := b.config(b.host)
	if err != nil {
		return w, err
	}
	if w.host, err = kubernetes.NewForConfig(config); err != nil {
		return w, err
	}
	w.api, err = federation.OpenAPI(ctx, w.host, w.ref, func(c *rest.Config) { c.QPS = -1 })
	return w, err
}

// end takes it all away.
func (w *world) end(ctx context.Context) error { return errors.Join(w.stop(), w.remove(ctx)) }

// takeOver ends the controller manager of the host cluster, for there must be no other beside the one that runs here, with the same
// certificate.
func (w *world) takeOver(ctx context.Context, program string, flags []string) error {
	deployments := w.host.AppsV1().Deployments(w.ref.Namespace)
	if _, err := deployments.Patch(ctx, w.ref.ControllerManager(), types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("end the controller manager of the host cluster: %w", err)
	}
	if err := w.waitForNone(ctx, federation.LabelInstance+"="+federationName+","+federation.LabelComponent+"=controller-manager"); err != nil {
		return err
	}
	certs, err := w.host.CoreV1().Secrets(w.ref.Namespace).Get(ctx, w.ref.ControllerManager()+"-certs", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("the controller manager's certificate: %w", err)
	}
	dir := filepath.Join(w.dir, w.namespace)
	if err := write(dir, certs); err != nil {
		return err
	}
	host := filepath.Join(dir, "host-kubeconfig")
	if err := w.writeHostKubeconfig(host); err != nil {
		return err
	}
	w.identity = manager.Options{
		Program: program, Kubeconfig: filepath.Join(dir, "kubeconfig"), Server: w.api.Server, HostKubeconfig: host,
		Federation: federationName, Namespace: w.namespace, Dir: dir, Flags: flags,
	}
	return nil
}

// waitForNone returns when no pod has the labels any more.
func (w *world) waitForNone(ctx context.Context, selector string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		pods, err := w.host.CoreV1().Pods(w.ref.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil || len(pods.Items) == 0 {
			return err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return fmt.Errorf("pod %s is there still: %w", pods.Items[0].Name, err)
		}
	}
}

func (w *world) writeHostKubeconfig(path string) error {
	config, err := clientcmd.LoadFromFile(w.kubeconfig)
	if err != nil {
		return err
	}
	config.CurrentContext = w.bench.host
	return clientcmd.WriteToFile(*config, path)
}

func write(dir string, secret *corev1.Secret) error {
	errs := append(make([]error, 0, 1+len(secret.Data)), os.MkdirAll(dir, 0o700))
	for name, content := range secret.Data {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return errors.Join(errs...)
}

// start starts the controller manager.
func (w *world) start() (err error) {
	w.running, err = manager.Start(w.identity)
	return err
}

// stop ends the controller manager, if it runs.
func (w *world) stop() error {
	if w.running == nil {
		return nil
	}
	defer func() { w.running = nil }()
	return w.running.Stop()
}

// give makes the federation have n objects of the set, or more if it has them already.
func (w *world) give(ctx context.Context, n int) error {
	if n <= w.sources {
		return nil
	}
	_, err := direct.Apply(ctx, []*rest.Config{w.api.Config}, sources.Objects(n)[w.sources:], sourceWorkers)
	if err == nil {
		w.sources = n
	}
	return err
}

// sources are what the federation has.
var sources = workload.Set{Prefix: "bench", Seed: 1}

// whileRunning gives ctx an end with the controller manager, of which the error tells.
func (w *world) whileRunning(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it takes longer than %s", limit))
	p := w.running
	go func() {
		select {
		case <-ctx.Done():
		case <-p.Ended():
			end(fmt.Errorf("the controller manager has ended; its log is %s", p.Log()))
		}
	}()
	return ctx, cancel
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
