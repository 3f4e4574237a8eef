//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSeveralFederations puts two federations into one namespace and one of the same name into another, with every type of Service
// that the guide's examples do not have. None disturbs another, and each goes alone.
func TestSeveralFederations(t *testing.T) {
	s := newSandbox(t)
	s.makeNamespace()
	s.fedhelm("init", "east", "--api-server-service-type=NodePort")
	s.worksAs("east")
	s.serves("east", fmt.Sprintf("https://%s:%s", s.nodeAddress(), s.host("get", "service", "east-apiserver", "--output=jsonpath={.spec.ports[0].nodePort}")))
	s.ready("east")
	alone, pods := s.list(), s.pods("east", "apiserver")

	s.fedhelm("init", "west", "--api-server-service-type=ClusterIP")
	s.reachable("west")

	// The same name in another namespace is another federation: the kubeconfig must not be taken over by it.
	elsewhere := s.namespace + "-elsewhere"
	r := s.try(time.Minute, "fedhelm", "init", "east", "--host-cluster-context="+hostContext, "--federation-system-namespace="+elsewhere)
	if r.code != 3 || !strings.Contains(r.stderr, `cluster "east"`) || !strings.Contains(r.stderr, "--kubeconfig") {
		t.Errorf("want a refusal to take over the kubeconfig entry\n%s", r)
	}
	other := s.write("other-kubeconfig", bedKubeconfig(s))
	s.must("fedhelm", "init", "east", "--kubeconfig="+other, "--host-cluster-context="+hostContext, "--federation-system-namespace="+elsewhere, "--api-server-service-type=NodePort")
	s.must("kubectl", "--kubeconfig="+other, "--context=east", "create", "namespace", "elsewhere")
	if out := s.kubectl("east", "get", "namespaces", "--output=name"); strings.Contains(out, "elsewhere") {
		t.Errorf("both federations named east are one: %s", out)
	}
	list := s.must("fedhelm", "list", "--host-cluster-context="+hostContext).stdout
	for _, f := range []string{"east " + s.namespace, "west " + s.namespace, "east " + elsewhere} {
		if !strings.Contains(strings.Join(strings.Fields(list), " "), f) {
			t.Errorf("fedhelm list lacks %q:\n%s", f, list)
		}
	}

	s.must("fedhelm", "delete", "east", "--yes", "--purge-data", "--kubeconfig="+other, "--host-cluster-context="+hostContext, "--federation-system-namespace="+elsewhere)
	s.purge("west")
	s.eventually(time.Minute, "only the first federation is left", func() error { return sameListing(alone, s.list()) })
	if err := unchanged(alone, s.list()); err != nil {
		t.Errorf("the others changed the first federation:\n%v", err)
	}
	if now := s.pods("east", "apiserver"); now != pods {
		t.Errorf("the others disturbed the pods of the first federation:\n%s\nbefore:\n%s", now, pods)
	}
	s.worksAs("east")
	s.purge("east")
}

// reachable waits until a federation API with a ClusterIP Service answers: the machine of the test bed has a route to these.
func (s *sandbox) reachable(federation string) {
	s.Helper()
	s.serves(federation, "https://"+s.host("get", "service", federation+"-apiserver", "--output=jsonpath={.spec.clusterIP}"))
	s.worksAs(federation)
}
