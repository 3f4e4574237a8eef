//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Each of these fails for one reason, which the error names with the way out, and within its limit; once that is mended, the
// same command succeeds.

func TestNoAddress(t *testing.T) {
	s := newSandbox(t)
	s.refused(4, 85*time.Second, []string{"service fellowship-apiserver", "no address", "--api-server-service-type=NodePort"},
		"init", "fellowship", "--timeout=75s", `--set-json=controlPlane.apiServer.service.annotations={"testbed.fedhelm.io/no-address": "true"}`)
	s.fedhelm("init", "fellowship")
	s.worksAs("fellowship")
	s.purge("fellowship")
}

func TestImageNotFound(t *testing.T) {
	s := newSandbox(t)
	s.refused(4, 45*time.Second, []string{"image registry.k8s.io/etcd:0.0.0", "--etcd-image"},
		"init", "fellowship", "--timeout=35s", "--api-server-service-type=NodePort", "--etcd-image=registry.k8s.io/etcd:0.0.0")
	// Our own image, which the hooks need too: nothing of the release comes up.
	s.refused(4, 45*time.Second, []string{"image ghcr.io/fedhelm/none:0", "--image"},
		"init", "fellowship", "--timeout=35s", "--api-server-service-type=NodePort", "--image=ghcr.io/fedhelm/none:0")
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort")
	s.worksAs("fellowship")
	s.purge("fellowship")
}

func TestQuotaExceeded(t *testing.T) {
	s := newSandbox(t)
	s.makeNamespace()
	s.host("create", "quota", "frugal", "--hard=pods=1")
	s.refused(4, 50*time.Second, []string{"ResourceQuota frugal", "pods=1", "--federation-system-namespace"},
		"init", "fellowship", "--timeout=40s", "--api-server-service-type=NodePort")
	s.host("delete", "quota", "frugal")
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort")
	s.worksAs("fellowship")
	s.purge("fellowship")
}

// TestRefusedBeforeAnythingIsWritten has a host that is not fit, in several ways; nothing at all may be left of it.
func TestRefusedBeforeAnythingIsWritten(t *testing.T) {
	s := newSandbox(t)
	before := s.list()
	quick := 40 * time.Second
	s.refused(3, quick, []string{`no StorageClass "golden"`, "standard", "--etcd-pv-storage-class"}, "init", "fellowship", "--etcd-pv-storage-class=golden")
	s.refused(3, quick, []string{`no Secret "given"`, "docker-registry"}, "init", "fellowship", "--image-pull-secrets=given")

	s.context("nowhere", "https://127.0.0.1:1", "")
	s.context("unknown", "https://host.invalid:6443", "")
	s.context("stranger", s.hostServer(), "mellon")
	for name, parts := range map[string][]string{
		"nowhere":  {"nothing listens at https://127.0.0.1:1", "--host-cluster-context"},
		"unknown":  {`"host.invalid"`, "cannot be looked up"},
		"stranger": {"does not accept the credentials", "auth whoami"},
	} {
		r := s.try(quick, "fedhelm", "init", "fellowship", "--host-cluster-context="+name, "--federation-system-namespace="+s.namespace)
		if r.code != 3 {
			t.Errorf("host %s: want exit code 3\n%s", name, r)
		}
		for _, part := range parts {
			if !strings.Contains(r.stderr, part) {
				t.Errorf("host %s: the error does not say %q\n%s", name, part, r)
			}
		}
	}
	s.write("kubeconfig", bedKubeconfig(s))
	if err := sameListing(before, s.list()); err != nil {
		t.Errorf("a refused init wrote something:\n%v", err)
	}

	s.makeNamespace()
	s.host("create", "secret", "docker-registry", "given", "--docker-server=registry.example.com", "--docker-username=sam", "--docker-password=mellon")
	s.fedhelm("init", "fellowship", "--etcd-pv-storage-class=standard", "--image-pull-secrets=given", "--api-server-service-type=NodePort")
	s.worksAs("fellowship")
	s.purge("fellowship")
}

// TestForbidden has a user with few rights, who is given them afterwards.
func TestForbidden(t *testing.T) {
	s := newSandbox(t)
	s.makeNamespace()
	s.host("create", "serviceaccount", "sam")
	s.host("create", "rolebinding", "sam", "--clusterrole=view", "--serviceaccount="+s.namespace+":sam")
	s.context("sam", s.hostServer(), s.host("create", "token", "sam", "--duration=1h"))
	init := []string{"init", "fellowship", "--host-cluster-context=sam", "--federation-system-namespace=" + s.namespace, "--api-server-service-type=NodePort"}
	r := s.try(time.Minute, "fedhelm", init...)
	for _, part := range []string{`user of context "sam" may not`, "create/patch/delete statefulsets.apps", "create/delete clusterroles.rbac.authorization.k8s.io", "auth can-i"} {
		if r.code != 3 || !strings.Contains(r.stderr, part) {
			t.Fatalf("want a refusal that says %q\n%s", part, r)
		}
	}
	// It names what a ServiceAccount of this test may do in the whole cluster, so it has its name.
	s.kubectl(hostContext, "create", "clusterrolebinding", s.namespace, "--clusterrole=cluster-admin", "--serviceaccount="+s.namespace+":sam")
	t.Cleanup(func() { s.kubectl(hostContext, "delete", "clusterrolebinding", s.namespace) })
	s.must("fedhelm", init...)
	s.worksAs("fellowship")
	s.must("fedhelm", "delete", "fellowship", "--yes", "--purge-data", "--host-cluster-context=sam", "--federation-system-namespace="+s.namespace)
	s.write("kubeconfig", bedKubeconfig(s))
}

// context adds a context of that name to the kubeconfig; a host's certificate is taken as it comes.
func (s *sandbox) context(name, server, token string) {
	s.Helper()
	s.must("kubectl", "config", "set-cluster", name, "--server="+server, "--insecure-skip-tls-verify=true")
	s.must("kubectl", "config", "set-credentials", name, fmt.Sprintf("--token=%s", token))
	s.must("kubectl", "config", "set-context", name, "--cluster="+name, "--user="+name)
}

func (s *sandbox) hostServer() string {
	s.Helper()
	return s.must("kubectl", "config", "view", `--output=jsonpath={.clusters[?(@.name=="`+hostContext+`")].cluster.server}`).stdout
}

// TestBadInput gives everything wrong at once, and all of it has to be told; no cluster is asked, and nothing is written.
func TestBadInput(t *testing.T) {
	s := newSandbox(t) // which sees to it that nothing is written
	r := s.try(30*time.Second, "fedhelm", "init", "Fellow_Ship", "--dns-provider=carrier-pigeon", "--dns-zone-name=example.com",
		"--api-server-service-type=ExternalName", "--api-server-port=70000", "--apiserver-arg-overrides=--v", "--node-selector=a b=c",
		"--etcd-pv-capacity=much", "--image=UPPER", "--host-cluster-context="+hostContext, "--federation-system-namespace="+s.namespace)
	if r.code != 2 {
		t.Errorf("want exit code 2\n%s", r)
	}
	for _, part := range []string{"Fellow_Ship", "carrier-pigeon", "example.com", "ExternalName", "70000", "wrong format for override arg: --v", "a b", "much", "UPPER"} {
		if !strings.Contains(r.stderr, part) {
			t.Errorf("the errors do not name %q\n%s", part, r)
		}
	}
}
