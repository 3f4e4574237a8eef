//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// TestUnjoinInTrouble takes a member out while something that is needed for it is gone.
func TestUnjoinInTrouble(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship")
	m := s.member(arnor)
	before := s.list()
	s.fedhelm("join", arnor)
	gone := func(s *sandbox) {
		s.Helper()
		s.parted("fellowship", arnor)
		m.isAsBefore(s)
		if err := unchanged(before, s.list()); err != nil {
			s.Errorf("after unjoin the host cluster is not as before:\n%v", err)
		}
	}

	s.step("the host cannot be reached", func(s *sandbox) {
		config := s.read("kubeconfig")
		s.context("nowhere", "https://127.0.0.1:1", "")
		joined := m.list(s)
		r := s.try(time.Minute, "fedhelm", "unjoin", arnor, "--host-cluster-context=nowhere", "--federation-system-namespace="+s.namespace, "--federation=fellowship")
		if r.code == 0 {
			s.Errorf("want a refusal\n%s", r)
		}
		s.says(r, "https://127.0.0.1:1", "--host-cluster-context")
		s.write("kubeconfig", config)
		if err := untouched(joined, m.list(s)); err != nil {
			s.Errorf("the member is not as before:\n%v", err)
		}
		s.joined("fellowship", arnor)
	})
	s.step("there is no context for the member", func(s *sandbox) {
		s.refused(2, 30*time.Second, []string{`"nowhere"`, "--cluster-context", rohan}, "unjoin", arnor, "--cluster-context=nowhere")
		s.must("kubectl", "config", "rename-context", arnor, "annuminas")
		s.refused(2, 30*time.Second, []string{`"arnor"`, "--cluster-context", "--force"}, "unjoin", arnor)
		s.must("kubectl", "config", "rename-context", "annuminas", arnor)
		s.joined("fellowship", arnor)
	})
	s.step("the Secret was deleted by hand", func(s *sandbox) {
		s.host("delete", "secret", "fellowship."+arnor)
		s.becomes(30*time.Second, "fellowship", arnor, fedv1beta1.ClusterCredentialValid, "False", fedv1beta1.ReasonSecretNotFound)
		s.fedhelm("unjoin", arnor)
		gone(s)
	})
	s.step("the member does not answer", func(s *sandbox) {
		s.fedhelm("join", arnor)
		joined := s.list()
		s.Cleanup(func() { s.proc("start", arnor, "kube-apiserver") })
		s.proc("stop", arnor, "kube-apiserver")
		s.refused(3, time.Minute, []string{m.address(), "--force"}, "unjoin", arnor)
		if err := untouched(joined, s.list()); err != nil {
			s.Errorf("the refusal wrote something:\n%v", err)
		}
		r := s.fedhelm("unjoin", arnor, "--force")
		s.parted("fellowship", arnor)
		if err := unchanged(before, s.list()); err != nil {
			s.Errorf("after unjoin the host cluster is not as before:\n%v", err)
		}
		s.proc("start", arnor, "kube-apiserver")
		// What stays in the member is removed by the commands that were printed.
		commands := s.commands(r)
		if len(commands) == 0 {
			s.Fatalf("it does not say how to remove what stays in the member\n%s", r)
		}
		s.must("bash", "-euxc", strings.Join(commands, "\n"))
		gone(s)
	})
	s.step("the federation does not answer", func(s *sandbox) {
		s.fedhelm("join", arnor)
		s.host("scale", "deployment/fellowship-apiserver", "--replicas=0")
		s.host("wait", "--for=delete", "pod", "--selector=app.kubernetes.io/instance=fellowship,app.kubernetes.io/component=apiserver", "--timeout=2m")
		s.refused(3, time.Minute, []string{"federation", "--force"}, "unjoin", arnor)
		s.fedhelm("unjoin", arnor, "--force")
		m.isAsBefore(s)
		s.host("scale", "deployment/fellowship-apiserver", "--replicas=1")
		s.ready("fellowship")
		s.fedhelm("unjoin", arnor, "--cluster-context="+arnor)
		s.parted("fellowship", arnor)
	})
	for workloads, want := range map[string]string{
		"keep":   "configmap/kube-root-ca.crt configmap/of-another configmap/of-nobody configmap/ours",
		"delete": "configmap/kube-root-ca.crt configmap/of-another configmap/of-nobody",
	} {
		s.step("workloads: "+workloads, func(s *sandbox) {
			// Managers that lost their leases while the API was away begin anew a moment after it is back, and a join does not wait for them.
			s.eventually(2*time.Minute, "arnor joins", func() error {
				if r := s.try(2*time.Minute, "fedhelm", s.here([]string{"join", arnor})...); r.code != 0 {
					return fmt.Errorf("%s", r)
				}
				return nil
			})
			shire := m.settle(s)
			s.fedhelm("unjoin", arnor, "--workloads="+workloads)
			s.parted("fellowship", arnor)
			in := []string{"--namespace=" + shire, "get", "configmaps"}
			if got := strings.Join(strings.Fields(s.kubectl(arnor, append(in, "--output=name")...)), " "); got != want {
				s.Errorf("there is %s, want %s", got, want)
			}
			marked := s.kubectl(arnor, append(in, "--selector=federation.fedhelm.io/propagated-by", "--output=name")...)
			if marked != "configmap/of-another" {
				s.Errorf("marked by a federation is %q, want that of the other federation alone", marked)
			}
			s.deleteNamespaceIn(m.cluster, shire)
			m.isAsBefore(s)
		})
	}
	s.purge("fellowship")
	s.write("kubeconfig", bedKubeconfig(s)) // with names as they were
}

// settle makes a namespace in the member with objects as this federation, another one and a user put them there.
func (m *member) settle(s *sandbox) string {
	s.Helper()
	shire := s.namespace + "-shire"
	s.kubectl(m.context, "create", "namespace", shire)
	uid := s.kubectl("fellowship", "get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}")
	for name, of := range map[string][2]string{"ours": {"fellowship", uid}, "of-another": {"council", "another-uid"}, "of-nobody": {}} {
		s.kubectl(m.context, "--namespace="+shire, "create", "configmap", name)
		if of[0] != "" {
			s.kubectl(m.context, "--namespace="+shire, "label", "configmap", name, "federation.fedhelm.io/propagated-by="+of[0])
			s.kubectl(m.context, "--namespace="+shire, "annotate", "configmap", name, "federation.fedhelm.io/federation-uid="+of[1])
		}
	}
	return shire
}

// commands are those that fedhelm prints, each below what it removes.
func (s *sandbox) commands(r result) []string {
	_, stays, _ := strings.Cut(r.stdout, "What stays, and what removes it:\n")
	var commands []string
	for line := range strings.Lines(stays) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}
