//go:build e2e

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Contexts of the test bed's kubeconfig.
const (
	hostContext = "rivendell"
	gondor      = "gondor" // a member with a real node, whose pods and names can be asked
	rohan       = "rohan"  // members with simulated nodes
	arnor       = "arnor"
	mordor      = "mordor" // as gondor, in another region
)

// parallel is more than there are tests: slots bound them.
const parallel = "1000"

// bed is the test bed that all tests share.
var bed struct {
	kubeconfig string
	root       string // of the repository
	path       string // PATH of the programs that tests run
	host       *cluster
	lock       *os.File // held while this process runs
}

// cluster is one that tests look into beside the programs they run.
type cluster struct {
	context  string
	client   kubernetes.Interface
	metadata metadata.Interface
	dynamic  dynamic.Interface
}

func TestMain(m *testing.M) {
	flag.Parse()
	if err := errors.Join(flag.Set("test.parallel", parallel), findBed()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(filepath.SplitList(bed.path)[0])
	os.Exit(code)
}

// findBed finds the clusters and the programs, and builds what of these is not there.
func findBed() error {
	bed.kubeconfig = os.Getenv("FEDHELM_E2E_KUBECONFIG")
	if bed.kubeconfig == "" {
		return errors.New("FEDHELM_E2E_KUBECONFIG is not set: these tests need the clusters of the test bed; run: make test-e2e")
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		return fmt.Errorf("%w: these tests need the programs of the test bed; run: make test-e2e", err)
	}
	var err error
	if bed.host, err = connect(bed.kubeconfig, hostContext); err != nil {
		return fmt.Errorf("%w; run: make test-e2e", err)
	}
	if bed.root, err = filepath.Abs("../.."); err != nil {
		return err
	}
	if err := lockBed(filepath.Join(filepath.Dir(bed.kubeconfig), "tests.lock")); err != nil {
		return err
	}
	return errors.Join(findLeftovers(), buildPrograms())
}

// lockBed keeps others' tests off the bed until this process ends, however it ends. Programs that it starts do not inherit the lock.
func lockBed(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	bed.lock = f
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("tests are running on this test bed (lock %s: %w); wait for their end", path, err)
	}
	return nil
}

// findLeftovers refuses a bed that has something left of tests that were killed: it would take the room of these tests' pods.
func findLeftovers() error {
	list, err := bed.host.client.CoreV1().Namespaces().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list namespaces of the host cluster: %w", err)
	}
	var left []string
	for i := range list.Items {
		if strings.HasPrefix(list.Items[i].Name, tokenPrefix) {
			left = append(left, list.Items[i].Name)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("the host cluster has namespaces of tests that were killed (%s); run: make testbed-down", strings.Join(left, ", "))
	}
	return nil
}

// connect makes clients for a context of a kubeconfig file.
func connect(kubeconfig, kubeContext string) (*cluster, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: kubeContext}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("use context %s of %s: %w", kubeContext, kubeconfig, err)
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	c := &cluster{context: kubeContext}
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if c.metadata, err = metadata.NewForConfig(config); err != nil {
		return nil, err
	}
	c.dynamic, err = dynamic.NewForConfig(config)
	return c, err
}

// buildPrograms puts helm, of the version that go.mod pins, and fedhelm, unless FEDHELM_BIN has it, into a directory of their own.
func buildPrograms() error {
	dir, err := os.MkdirTemp("", "fedhelm-e2e-")
	if err != nil {
		return err
	}
	bed.path = dir + string(filepath.ListSeparator) + os.Getenv("PATH")
	programs := map[string]string{"helm": "helm.sh/helm/v3/cmd/helm"}
	if bin := os.Getenv("FEDHELM_BIN"); bin != "" {
		bed.path = dir + string(filepath.ListSeparator) + bin + string(filepath.ListSeparator) + os.Getenv("PATH")
	} else {
		programs["fedhelm"] = "./cmd/fedhelm"
	}
	for name, pkg := range programs {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg)
		cmd.Dir = bed.root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return nil
}
