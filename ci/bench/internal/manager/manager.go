// Package manager runs a federation's controller manager as a process on this machine, where its time and memory can be measured.
package manager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Options say what to run, and as whom.
type Options struct {
	Program                       string // path
	Kubeconfig, Server            string // of the federation API
	HostKubeconfig                string
	Federation, Namespace         string
	Dir                           string // for its log
	Flags                         []string
	health, metrics, pprofAddress string
}

// Process is a controller manager that runs. It acts without an election: there must be no other.
type Process struct {
	o     Options
	cmd   *exec.Cmd
	ended chan struct{}
	log   *os.File

	Started time.Time
}

// Start starts one.
func Start(o Options) (*Process, error) {
	for _, address := range []*string{&o.health, &o.metrics, &o.pprofAddress} {
		free, err := freeAddress()
		if err != nil {
			return nil, err
		}
		*address = free
	}
	log, err := os.OpenFile(filepath.Join(o.Dir, "controller-manager.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p := &Process{o: o, log: log, ended: make(chan struct{})}
	p.cmd = exec.Command(o.Program, append([]string{ //nolint:noctx // ended by Stop, which lets it end well
		"--kubeconfig=" + o.Kubeconfig, "--master=" + o.Server, "--host-kubeconfig=" + o.HostKubeconfig,
		"--federation-name=" + o.Federation, "--federation-namespace=" + o.Namespace, "--leader-elect=false",
		"--health-bind-address=" + o.health, "--metrics-bind-address=" + o.metrics, "--pprof-bind-address=" + o.pprofAddress,
	}, o.Flags...)...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.Started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // Stop tells
	}()
	return p, nil
}

// Stop lets it end, and returns when it has. It may be called again.
func (p *Process) Stop() error {
	select {
	case <-p.ended:
	default:
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
	}
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if err := p.log.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Ended is closed when it has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Log is the path of what it says.
func (p *Process) Log() string { return p.log.Name() }

// CPUProfile writes a profile of the seconds to come.
func (p *Process) CPUProfile(ctx context.Context, path string, seconds int) error {
	return p.fetch(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", p.o.pprofAddress, seconds), path)
}

// Profile writes a profile of what is now: of the heap, after a garbage collection, or goroutine.
func (p *Process) Profile(ctx context.Context, kind, path string) error {
	return p.fetch(ctx, "http://"+p.o.pprofAddress+"/debug/pprof/"+kind+"?gc=1", path)
}

func (p *Process) fetch(ctx context.Context, url, path string) error {
	body, err := get(ctx, url)
	if err != nil {
		return err
	}
	defer body.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, body)
	return errors.Join(err, file.Close())
}

// Sums are the sums of all series of the same name at this moment.
func (p *Process) Sums(ctx context.Context) (map[string]float64, error) {
	body, err := get(ctx, "http://"+p.o.metrics+"/metrics")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return sums(body)
}

// By are the sums of the series of one name at this moment, by the value of a label. They are none as long as nothing was counted.
func (p *Process) By(ctx context.Context, name, label string) (map[string]float64, error) {
	body, err := get(ctx, "http://"+p.o.metrics+"/metrics")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return by(body, name, label)
}

func get(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s: %s", url, resp.Status), resp.Body.Close())
	}
	return resp.Body, nil
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // does not block
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
