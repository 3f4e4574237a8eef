//go:build e2e

package e2e

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGenerateThenHelmIsInit compares what init makes with what Helm makes of the generated chart, object for object.
func TestGenerateThenHelmIsInit(t *testing.T) {
	s := newSandbox(t)
	flags := []string{
		"--api-server-service-type=NodePort", "--dns-provider=google-clouddns", "--dns-zone-name=example.com.",
		`--apiserver-arg-overrides="--runtime-config=api/all=true,batch/v1=true",--v=2`,
	}
	s.fedhelm(append([]string{"init", "fellowship"}, flags...)...)

	other, dir := s.namespace+"-helm", filepath.Join(s.home, "chart")
	s.must("fedhelm", append(append([]string{"generate", "fellowship", "--output=" + dir}, flags...), "--federation-system-namespace="+other)...)
	s.helm("install", "fellowship", dir, "--namespace="+other, "--create-namespace", "--wait", "--timeout=5m")

	for _, what := range []string{"manifest", "hooks"} {
		init := s.helm("get", what, "fellowship", "--namespace="+s.namespace).stdout
		helm := s.helm("get", what, "fellowship", "--namespace="+other).stdout
		// The renewal's time of day comes from the namespace too; everything else that differs must be the namespace itself.
		if diff := cmp.Diff(stable(init, s.namespace), stable(helm, other)); diff != "" {
			t.Errorf("%s of init (-) and of generate with helm install (+):\n%s", what, diff)
		}
	}
	if diff := cmp.Diff(s.live(s.namespace), s.live(other)); diff != "" {
		t.Errorf("objects after init (-) and after helm install (+):\n%s", diff)
	}

	// The federation that Helm installed is one for fedhelm too.
	s.helm("test", "fellowship", "--namespace="+other)
	file := s.write("helm-kubeconfig", bedKubeconfig(s))
	s.must("fedhelm", "kubeconfig", "fellowship", "--merge", "--kubeconfig="+file, "--host-cluster-context="+hostContext, "--federation-system-namespace="+other)
	if got := s.must("kubectl", "--kubeconfig="+file, "--context=fellowship", "get", "namespace", "default", "--output=jsonpath={.status.phase}").stdout; got != "Active" {
		t.Errorf("namespace default is %q", got)
	}
	s.uninstall("fellowship", other)
	s.purge("fellowship")
}

// uninstall takes away what Helm installed, and then what Helm leaves: the claims with the data, and the namespace that --create-namespace made.
func (s *sandbox) uninstall(release, namespace string) {
	s.Helper()
	s.helm("uninstall", release, "--namespace="+namespace, "--wait")
	left := s.kubectl(hostContext, "--namespace="+namespace, "get", "secrets,services,deployments,statefulsets,jobs,cronjobs,roles,rolebindings,poddisruptionbudgets", "--output=name")
	if left != "" {
		s.Errorf("helm uninstall left in %s:\n%s", namespace, left)
	}
	s.deleteNamespace(namespace)
}

var schedule = regexp.MustCompile(`schedule: .*`)

func stable(manifest, namespace string) []string {
	return strings.Split(schedule.ReplaceAllString(strings.ReplaceAll(manifest, namespace, "NAMESPACE"), "schedule: TIME"), "\n")
}

var generatedName = regexp.MustCompile(`-[a-z0-9]{8,10}(-[a-z0-9]{5})?$`)

// live lists the kinds and names of what is in a namespace. What fedhelm and Helm keep for themselves is left out.
func (s *sandbox) live(namespace string) []string {
	s.Helper()
	var names []string
	for o := range s.list() {
		kind, name, _ := strings.Cut(o, " ")
		ns, name, _ := strings.Cut(name, "/")
		if ns != namespace || strings.HasPrefix(name, "sh.helm.release.") || kind == "leases.coordination.k8s.io" {
			continue
		}
		names = append(names, kind+" "+generatedName.ReplaceAllString(name, ""))
	}
	slices.Sort(names)
	return names
}

// TestHelmInstall installs the chart of the repository by Helm alone, without waiting; it is changed and changed back by Helm.
func TestHelmInstall(t *testing.T) {
	s := newSandbox(t)
	s.helm("install", "fellowship", bed.root, "--namespace="+s.namespace, "--create-namespace")
	s.ready("fellowship")
	s.asNotesSay("fellowship")
	s.worksAs("fellowship")
	s.helm("upgrade", "fellowship", bed.root, "--namespace="+s.namespace, "--reuse-values", "--set=controlPlane.apiServer.logLevel=2", "--wait", "--timeout=5m")
	s.helm("rollback", "fellowship", "1", "--namespace="+s.namespace, "--wait", "--timeout=5m")
	s.worksAs("fellowship")
	s.uninstall("fellowship", s.namespace)
	s.write("kubeconfig", bedKubeconfig(s)) // Helm knows nothing of the entry in it
}

// asNotesSay runs the commands that Helm's notes give, but for the one that joins a cluster.
func (s *sandbox) asNotesSay(release string) {
	s.Helper()
	notes := s.helm("get", "notes", release, "--namespace="+s.namespace).stdout
	ran := 0
	for _, line := range strings.Split(notes, "\n") {
		command, is := strings.CutPrefix(line, "     ")
		if !is || strings.Contains(command, "CLUSTER") {
			continue
		}
		// They are for the context that is the current one.
		s.must("bash", "-euc", "cd "+s.home+"; kubectl config use-context "+hostContext+" >/dev/null; "+command)
		ran++
	}
	if ran < 4 {
		s.Fatalf("the notes have %d commands:\n%s", ran, notes)
	}
}

// TestHelmInstallAtomic installs it atomically; a member then keeps the federation from being taken down.
func TestHelmInstallAtomic(t *testing.T) {
	s := newSandbox(t)
	s.helm("install", "fellowship", bed.root, "--namespace="+s.namespace, "--create-namespace", "--atomic", "--timeout=5m", "--set=controlPlane.apiServer.service.type=ClusterIP")
	s.ready("fellowship")
	s.fedhelm("kubeconfig", "fellowship", "--merge")
	s.worksAs("fellowship")
	s.memberKeepsIt()
	s.uninstall("fellowship", s.namespace)
	s.write("kubeconfig", bedKubeconfig(s))
}

// memberKeepsIt checks that a federation with a member is not taken down, neither by Helm nor by fedhelm, and works on.
func (s *sandbox) memberKeepsIt() {
	s.Helper()
	s.host("create", "secret", "generic", "fellowship-gondor", "--from-literal=kubeconfig=none")
	s.host("label", "secret", "fellowship-gondor", "federation.fedhelm.io/federation=fellowship", "federation.fedhelm.io/cluster=gondor")
	s.refused(3, 30*time.Second, []string{"gondor", "unjoin", "--force"}, "delete", "fellowship", "--yes")
	r := s.try(5*time.Minute, "helm", "--kube-context="+hostContext, "uninstall", "fellowship", "--namespace="+s.namespace)
	if r.code == 0 {
		s.Fatalf("helm uninstall took a federation with a member away\n%s", r)
	}
	if !strings.Contains(r.stdout+r.stderr, "gondor") {
		s.Errorf("the refusal does not name the member\n%s", r)
	}
	s.worksAs("fellowship")
	s.host("delete", "secret", "fellowship-gondor")
}
