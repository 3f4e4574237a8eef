//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestLifecycle follows a federation through its life, from the guide's first example: used, initialised again, its pods and
// its node's kubelet restarted, deleted, set up anew on the old data, and purged.
func TestLifecycle(t *testing.T) {
	s := newSandboxAlone(t) // a kubelet that starts takes all pods of its node for not ready, until it has asked them
	empty := s.list()
	s.example(firstExample)
	s.ready("fellowship")
	s.serves("fellowship", "https://"+s.host("get", "service", "fellowship-apiserver", "--output=jsonpath={.status.loadBalancer.ingress[0].ip}"))
	s.worksAs("fellowship")
	s.remember("fellowship")

	before, kubeconfig := s.list(), s.read("kubeconfig")
	s.example(firstExample)
	if err := unchanged(before, s.list()); err != nil {
		t.Errorf("a second init changed something:\n%v", err)
	}
	if s.read("kubeconfig") != kubeconfig {
		t.Error("a second init changed the kubeconfig")
	}

	s.host("delete", "pod", "fellowship-etcd-0")
	s.remembers("fellowship")
	s.host("delete", "pod", "--selector=app.kubernetes.io/component=apiserver")
	s.remembers("fellowship")
	s.proc("stop", hostContext, "kubelet")
	s.proc("start", hostContext, "kubelet")
	s.ready("fellowship")
	s.remembers("fellowship")

	s.fedhelm("delete", "fellowship", "--yes")
	if s.read("kubeconfig") == kubeconfig {
		t.Error("delete left the entry in the kubeconfig")
	}
	var left []string
	for o := range s.list() {
		if _, ok := empty[o]; !ok {
			kind, _, _ := strings.Cut(o, " ")
			left = append(left, kind)
		}
	}
	slices.Sort(left)
	want := []string{"configmaps", "namespaces", "persistentvolumeclaims", "persistentvolumes", "serviceaccounts"} // a namespace has a ConfigMap and a ServiceAccount
	if !slices.Equal(left, want) {
		t.Errorf("delete left %v, want the data alone, in its namespace: %v", left, want)
	}

	s.example(firstExample)
	s.remembers("fellowship")
	s.purge("fellowship")
}
