//go:build integration

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

// instance is one running controller manager.
type instance struct {
	*process.Process
	health, metrics, pprof string
}

func startInstance(t *testing.T, program, kubeconfig string, flags ...string) *instance {
	t.Helper()
	i := &instance{health: process.FreeAddress(t), metrics: process.FreeAddress(t), pprof: process.FreeAddress(t)}
	i.Process = process.Start(t, program, append([]string{
		"--kubeconfig=" + kubeconfig, "--host-kubeconfig=" + kubeconfig, "--federation-name=fellowship", "--leader-elect", "--v=1",
		"--health-bind-address=" + i.health, "--metrics-bind-address=" + i.metrics, "--pprof-bind-address=" + i.pprof,
	}, flags...)...)
	return i
}

// get wants the status and a body that says something.
func (i *instance) get(address, path string, want int, says string) error {
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != want || !strings.Contains(string(body), says)) {
		err = fmt.Errorf("%s: %d %.2000q, want %d with %q", path, resp.StatusCode, body, want, says)
	}
	return err
}

// becomes waits for an answer of /readyz.
func (i *instance) becomes(t *testing.T, want int) {
	t.Helper()
	eventually.Do(t, 30*time.Second, fmt.Sprintf("/readyz to answer %d", want), func() error {
		return i.get(i.health, "/readyz", want, "")
	})
}

const leads = `leader_election_master_status{name="federation-controller-manager"} 1`

// leads waits until the instance is the leader.
func (i *instance) leads(t *testing.T, limit time.Duration) {
	t.Helper()
	eventually.Do(t, limit, "an instance to lead", func() error { return i.get(i.metrics, "/metrics", 200, leads) })
}

func lease(t *testing.T, server *apiserver.Server) (*coordinationv1.Lease, error) {
	t.Helper()
	return kubernetes.NewForConfigOrDie(server.Admin(t)).CoordinationV1().Leases("kube-system").Get(t.Context(), program, metav1.GetOptions{})
}

func TestIntegrationControllerManager(t *testing.T) {
	server, binary := apiserver.Start(t), process.Build(t, program)
	kubeconfig := server.Kubeconfig(t, program)
	config := filepath.Join(t.TempDir(), "dns.conf")
	if err := os.WriteFile(config, []byte("[Global]\nnonsense = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	quick := []string{"--leader-elect-lease-duration=4s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=500ms"}
	first := startInstance(t, binary, kubeconfig, append(quick, "--dns-provider=rfc2136", "--zone-name=example.com.", "--dns-provider-config="+config)...)

	t.Run("before bootstrap it lives and is not ready", func(t *testing.T) {
		first.becomes(t, 500)
		if err := first.get(first.health, "/healthz", 200, "ok"); err != nil {
			t.Error(err)
		}
	})
	fedapi.Bootstrap(t, server)
	first.leads(t, 20*time.Second)
	first.becomes(t, 200)
	second := startInstance(t, binary, kubeconfig, quick...)
	t.Run("one that waits for its turn is ready too", func(t *testing.T) {
		second.becomes(t, 200)
		if err := second.get(second.metrics, "/metrics", 200, leads); err == nil {
			t.Error("two instances lead")
		}
	})
	t.Run("metrics and profiles are served", func(t *testing.T) {
		for _, want := range []string{
			"federation_controller_manager_info{", `federation="fellowship"`, `version="dev"`,
			`federation_dns_config_valid{provider="rfc2136",zone="example.com."} 0`, "go_goroutines", "rest_client_requests_total",
		} {
			if err := first.get(first.metrics, "/metrics", 200, want); err != nil {
				t.Error(err)
			}
		}
		if err := first.get(first.pprof, "/debug/pprof/", 200, "goroutine"); err != nil {
			t.Error(err)
		}
	})
	t.Run("another one takes over from a leader that is killed", func(t *testing.T) {
		first.Signal(syscall.SIGKILL)
		second.leads(t, 20*time.Second)
	})
}

func TestIntegrationControllerManagerStartsAfterBootstrap(t *testing.T) {
	server, binary := apiserver.Start(t), process.Build(t, program)
	fedapi.Bootstrap(t, server)
	done := filepath.Join(t.TempDir(), "done")
	i := startInstance(t, binary, server.Kubeconfig(t, program), "--start-after="+done)
	eventually.Do(t, 20*time.Second, "it to live", func() error { return i.get(i.health, "/healthz", 200, "ok") })
	i.becomes(t, 500)
	if _, err := lease(t, server); !apierrors.IsNotFound(err) {
		t.Errorf("before the file is there it takes the lease: %v", err)
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	i.leads(t, 20*time.Second)
	i.becomes(t, 200)
	if !strings.Contains(i.Output(), "Waiting until the federation API has its base objects") {
		t.Errorf("it does not say what it waited for:\n%s", i.Output())
	}
}

func TestIntegrationControllerManagerKeepsAndGivesUpItsLease(t *testing.T) {
	server, binary := apiserver.Start(t), process.Build(t, program)
	fedapi.Bootstrap(t, server)
	kubeconfig := server.Kubeconfig(t, program)
	// Whoever takes over before this has passed was let to.
	const duration = 10 * time.Minute
	slow := []string{"--leader-elect-lease-duration=" + duration.String(), "--leader-elect-retry-period=500ms"}
	leader := startInstance(t, binary, kubeconfig, slow...)
	leader.leads(t, 20*time.Second)
	other := startInstance(t, binary, kubeconfig, append(slow, "--log-format=json")...)
	other.becomes(t, 200)

	before, err := lease(t, server)
	if err != nil {
		t.Fatal(err)
	}
	server.Restart()
	eventually.Do(t, 20*time.Second, "the leader to renew its lease after the API server's restart", func() error {
		after, err := lease(t, server)
		if err == nil && (!after.Spec.RenewTime.After(before.Spec.RenewTime.Time) || *after.Spec.HolderIdentity != *before.Spec.HolderIdentity) {
			err = fmt.Errorf("held by %q, renewed at %s", *after.Spec.HolderIdentity, after.Spec.RenewTime)
		}
		return err
	})
	leader.becomes(t, 200)
	other.becomes(t, 200)

	leader.Signal(syscall.SIGTERM)
	if code := leader.ExitCode(t, 10*time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	other.leads(t, 10*time.Second)
	other.Signal(syscall.SIGTERM)
	if code := other.ExitCode(t, 10*time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	l, err := lease(t, server)
	if err != nil {
		t.Fatal(err)
	}
	if holder := l.Spec.HolderIdentity; holder != nil && *holder != "" {
		t.Errorf("the lease is still held by %q", *holder)
	}
	for line := range strings.Lines(other.Output()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("with --log-format=json a line is logged as text: %s", line)
		}
	}
}

func TestIntegrationControllerManagerReadsItsCertificateAgain(t *testing.T) {
	server, binary := apiserver.Start(t), process.Build(t, program)
	fedapi.Bootstrap(t, server)
	kubeconfig := server.Kubeconfig(t, program)
	dir := filepath.Dir(kubeconfig)
	certs.CA(t, "elsewhere").Client(t, program).Write(t, dir, "client")
	manager := startInstance(t, binary, kubeconfig)
	eventually.Do(t, 20*time.Second, "the manager to start", func() error {
		return manager.get(manager.health, "/healthz", 200, "ok")
	})
	eventually.Do(t, 20*time.Second, "its credentials to be refused", func() error {
		if !strings.Contains(manager.Output(), "forbidden") && !strings.Contains(manager.Output(), "Unauthorized") {
			return errors.New("no refusal in its log")
		}
		return nil
	})
	if err := manager.get(manager.metrics, "/metrics", 200, leads); err == nil {
		t.Fatal("it leads with a certificate of another CA")
	}
	server.CA.Client(t, program).Write(t, dir, "client")
	server.Restart() // a new connection, for which the file is read
	manager.leads(t, 30*time.Second)
	manager.becomes(t, 200)
}
