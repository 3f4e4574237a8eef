//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"
)

// worksAs uses a federation API as its users do: the default namespace is there, a Deployment can be made and stays,
// a namespace can be deleted.
func (s *sandbox) worksAs(federation string) {
	s.Helper()
	s.eventually(time.Minute, "namespace default is Active", func() error {
		r := s.try(30*time.Second, "kubectl", "--context="+federation, "get", "namespace", "default", "--output=jsonpath={.status.phase}")
		if r.stdout != "Active" {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
	s.kubectl(federation, "create", "namespace", "passing")
	s.kubectl(federation, "--namespace=passing", "create", "deployment", "boat", "--image=example.com/boat")
	s.kubectl(federation, "--namespace=passing", "create", "configmap", "oars")
	s.kubectl(federation, "delete", "namespace", "passing", "--timeout=60s")
}

// remember leaves something in a federation that remembers tells again.
func (s *sandbox) remember(federation string) {
	s.Helper()
	s.kubectl(federation, "create", "deployment", "fellowship", "--image=example.com/walker", "--replicas=9")
}

func (s *sandbox) remembers(federation string) {
	s.Helper()
	s.eventually(2*time.Minute, "the Deployment of before is there", func() error {
		r := s.try(30*time.Second, "kubectl", "--context="+federation, "get", "deployment", "fellowship", "--output=jsonpath={.spec.replicas}")
		if r.stdout != "9" {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
}

// ready waits until every pod of a release is.
func (s *sandbox) ready(release string) {
	s.Helper()
	s.eventually(3*time.Minute, "all pods of "+release+" are ready", func() error {
		for _, w := range []string{"statefulset/" + release + "-etcd", "deployment/" + release + "-apiserver", "deployment/" + release + "-controller-manager"} {
			r := s.try(time.Minute, "kubectl", "--context="+hostContext, "--namespace="+s.namespace, "rollout", "status", w, "--timeout=30s")
			if r.code != 0 && !strings.Contains(r.stderr, "NotFound") {
				return fmt.Errorf("%s", r)
			}
		}
		return nil
	})
}

// pods returns name, UID and restarts of each pod of a release's component.
func (s *sandbox) pods(release, component string) string {
	s.Helper()
	return s.host("get", "pods", "--selector=app.kubernetes.io/instance="+release+",app.kubernetes.io/component="+component, "--field-selector=status.phase=Running",
		`--output=jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.status.containerStatuses[*].restartCount}{"\n"}{end}`)
}
