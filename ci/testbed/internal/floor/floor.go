// Package floor measures the least that a control plane can take: bare etcd and kube-apiserver processes on loopback.
package floor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/cluster"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/pki"
)

// Programs are those that Measure needs.
var Programs = []string{"etcd", "kube-apiserver"}

// Measure starts etcd and an API server from nothing, certificates included, and returns the time until /readyz says ok.
// It ends them again. It needs no root.
func Measure(ctx context.Context, programs string) (time.Duration, error) {
	dir, err := os.MkdirTemp("", "fedhelm-floor-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	etcdPort, err := freePorts(ctx)
	if err != nil {
		return 0, err
	}
	port, err := freePorts(ctx)
	if err != nil {
		return 0, err
	}

	begin := time.Now()
	pkiDir := filepath.Join(dir, "pki")
	if err := pki.Ensure(pkiDir, pki.Options{Cluster: "floor", Server: "https://127.0.0.1:" + strconv.Itoa(port), Node: "none"}); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("not ready after a minute"))
	defer cancel()
	for program, args := range map[string][]string{
		"etcd": cluster.EtcdArgs("floor", filepath.Join(dir, "etcd"), etcdPort),
		"kube-apiserver": append(cluster.APIServerArgs(pkiDir, filepath.Join(dir, "certs"), "10.0.0.0/24", etcdPort),
			"--bind-address=127.0.0.1", "--secure-port="+strconv.Itoa(port)),
	} {
		end, err := start(cancel, dir, filepath.Join(programs, program), args)
		if err != nil {
			return 0, err
		}
		defer end()
	}
	if err := ready(ctx, pki.Kubeconfig(pkiDir, "admin")); err != nil {
		return 0, fmt.Errorf("bare API server: %w\n%s", err, logs(dir))
	}
	return time.Since(begin), nil
}

// start runs a program and returns how to end it. When it ends by itself, it cancels.
func start(cancel context.CancelFunc, dir, program string, args []string) (end func(), err error) {
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...) //nolint:noctx // ended by end, also when the context has ended
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt ends us first, and we end it
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its log says why it ended
		cancel()
		close(done)
	}()
	return func() {
		_ = cmd.Process.Kill() // it may have ended already
		<-done
	}, nil
}

func ready(ctx context.Context, kubeconfig string) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	cfg.QPS = -1
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	for {
		err := client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// freePorts finds a port that is free together with the next one.
func freePorts(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	for range 100 {
		first, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := lc.Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port+1))
		if closeErr := first.Close(); closeErr != nil {
			return 0, closeErr
		}
		if err == nil {
			return port, second.Close()
		}
	}
	return 0, errors.New("no two free ports in a row on 127.0.0.1")
}

func logs(dir string) string {
	var all []byte
	for _, p := range Programs {
		b, _ := os.ReadFile(filepath.Join(dir, p+".log"))
		all = append(all, b[max(0, len(b)-2000):]...)
	}
	return string(all)
}
