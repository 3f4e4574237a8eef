//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"
)

// sandbox is what one test has for itself: a directory that is its home, a copy of the test bed's kubeconfig, and a
// namespace name, which other namespaces of the test begin with.
type sandbox struct {
	*testing.T
	home       string
	kubeconfig string
	namespace  string
}

// newSandbox lets the test run beside others. When it ends, the host cluster and the kubeconfig must be as they were:
// whatever the test installed it has to delete. A failed test is swept up after, so that it spoils no other.
func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	t.Parallel()
	return newSandboxAlone(t)
}

// newSandboxAlone is newSandbox for a test that would disturb others beside it: it is run before them.
func newSandboxAlone(t *testing.T) *sandbox {
	t.Helper()
	tests.take(t)
	s := &sandbox{T: t, home: t.TempDir(), namespace: tokenPrefix + rand.String(5)}
	before := bedKubeconfig(s)
	s.kubeconfig = s.write("kubeconfig", before)
	listed := s.list()
	t.Cleanup(func() {
		if t.Failed() {
			s.sweep()
			return
		}
		s.eventually(2*time.Minute, "the host cluster is as before", func() error { return sameListing(listed, s.list()) })
		if after := s.read("kubeconfig"); after != before {
			t.Errorf("the kubeconfig is not as before:\n%s", redact(after))
		}
		if t.Failed() {
			s.sweep()
		}
	})
	return s
}

// bedKubeconfig is the kubeconfig of the test bed, as every sandbox begins with it.
func bedKubeconfig(s *sandbox) string {
	s.Helper()
	b, err := os.ReadFile(bed.kubeconfig)
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

// write makes a file in the sandbox's home and returns its path.
func (s *sandbox) write(name, content string) string {
	s.Helper()
	path := filepath.Join(s.home, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

func (s *sandbox) read(name string) string {
	s.Helper()
	b, err := os.ReadFile(filepath.Join(s.home, name))
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

// eventually repeats check until it returns nil, and fails the test with its last error when that takes too long.
func (s *sandbox) eventually(limit time.Duration, what string, check func() error) {
	s.Helper()
	var last error
	// Not the test's own context: cleanups run after it has ended.
	err := wait.PollUntilContextTimeout(context.WithoutCancel(s.Context()), 500*time.Millisecond, limit, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		s.Fatalf("not within %s: %s: %v", limit, what, last)
	}
}

// makeNamespace makes the sandbox's namespace ahead of fedhelm, which then will not delete it; the test does, at its end. It takes pods
// that keep to the restricted Pod Security Standard, and no others.
func (s *sandbox) makeNamespace() {
	s.Helper()
	s.kubectl(hostContext, "create", "namespace", s.namespace)
	s.kubectl(hostContext, "label", "namespace", s.namespace, "pod-security.kubernetes.io/enforce=restricted")
	s.Cleanup(func() {
		s.deleteNamespace(s.namespace)
	})
}

func (s *sandbox) deleteNamespace(name string) { s.deleteNamespaceIn(bed.host, name) }

func (s *sandbox) deleteNamespaceIn(c *cluster, name string) {
	ctx := context.WithoutCancel(s.Context())
	err := c.client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.Errorf("delete namespace %s: %v", name, err)
	}
	s.eventually(2*time.Minute, "namespace "+name+" of "+c.context+" is gone", func() error {
		_, err := c.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, fmt.Errorf("it is still there"))
	})
}

// step runs a part of the test that has a name and a time of its own. The parts after one that failed are not run.
func (s *sandbox) step(name string, part func(s *sandbox)) {
	s.Helper()
	ok := s.Run(name, func(t *testing.T) {
		own := *s
		own.T = t
		part(&own)
	})
	if !ok {
		s.FailNow()
	}
}

// sweep removes what a failed test left in the host cluster.
func (s *sandbox) sweep() {
	s.Logf("state of the failed test:\n%s", s.describe())
	s.sweepIn(bed.host)
}

// sweepIn removes what a failed test left in a cluster, as far as that can be told by its names.
func (s *sandbox) sweepIn(c *cluster) {
	ctx := context.WithoutCancel(s.Context())
	namespaces, err := c.client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Log(err)
		return
	}
	for _, ns := range namespaces.Items {
		if strings.HasPrefix(ns.Name, s.namespace) {
			s.deleteNamespaceIn(c, ns.Name)
		}
	}
	roles, err := c.client.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Log(err)
		return
	}
	for _, r := range roles.Items {
		if strings.Contains(r.Name, s.namespace) {
			_ = c.client.RbacV1().ClusterRoles().Delete(ctx, r.Name, metav1.DeleteOptions{})
		}
	}
	bindings, err := c.client.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Log(err)
		return
	}
	for _, b := range bindings.Items {
		if strings.Contains(b.Name, s.namespace) {
			_ = c.client.RbacV1().ClusterRoleBindings().Delete(ctx, b.Name, metav1.DeleteOptions{})
		}
	}
}

// describe says how the objects of the sandbox are, for whoever reads of a failure.
func (s *sandbox) describe() string {
	get := []string{"--context=" + hostContext, "--namespace=" + s.namespace, "get"}
	state := s.try(time.Minute, "kubectl", append(get, "pods,jobs,services,persistentvolumeclaims")...)
	events := s.try(time.Minute, "kubectl", append(get, "events", "--field-selector=type=Warning", "--sort-by=.lastTimestamp",
		"--output=custom-columns=TIME:.lastTimestamp,OBJECT:.involvedObject.name,MESSAGE:.message")...)
	return state.stdout + state.stderr + events.stdout + events.stderr
}
