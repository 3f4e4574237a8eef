//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"
)

// Programs that ask for names, in images that the test bed has: the resolver of Go programs, with the pod's search path, and one that
// prints what it is told.
const (
	askerImage = "ghcr.io/fedhelm/fedhelm:0.1.0"
	shellImage = "docker.io/library/busybox:stable"
)

// resolves checks, from a pod in the member, that the names of a local Service lead to it while it has ready endpoints, and to the
// federation's zone while it has none.
func (m *member) resolves(s *sandbox, federation, zone string) {
	s.Helper()
	in := func(args ...string) string {
		s.Helper()
		return s.kubectl(m.context, append([]string{"--namespace=" + s.namespace + "-shire"}, args...)...)
	}
	namespace := s.namespace + "-shire"
	s.kubectl(m.context, "create", "namespace", namespace)
	defer s.deleteNamespaceIn(m.cluster, namespace)
	s.applyIn(m.context, namespace,
		fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mill", "labels": {"app": "mill"}}, "spec": {"containers": [
			{"name": "mill", "image": %q, "imagePullPolicy": "Never", "command": ["busybox", "sh", "-c", "mkdir /www; echo flour > /www/index.html; exec busybox httpd -f -p 8080 -h /www"]}]}}`, shellImage),
		fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asker"}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [
			{"name": "go", "image": %q, "imagePullPolicy": "Never", "command": ["federation-start", "--wait-for=http://127.0.0.1:1/"]},
			{"name": "shell", "image": %q, "imagePullPolicy": "Never", "command": ["busybox", "sleep", "3600"]}]}}`, askerImage, shellImage),
		`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mill"}, "spec": {"selector": {"app": "mill"}, "ports": [{"port": 80, "targetPort": 8080}]}}`)
	in("wait", "--for=condition=Ready", "pod/mill", "pod/asker", "--timeout=1m")
	address := in("get", "service", "mill", "--output=jsonpath={.spec.clusterIP}")

	short := "mill." + namespace
	full := short + "." + federation + ".svc.cluster.local"
	for _, name := range []string{short, short + "." + federation, full} {
		in("exec", "asker", "--container=go", "--", "federation-start", "--timeout=20s", "--wait-for=http://"+name+"/")
	}
	ask := func(kind string) result {
		return s.try(time.Minute, "kubectl", "--context="+m.context, "--namespace="+namespace, "exec", "asker", "--container=shell", "--", "busybox", "nslookup", "-type="+kind, full)
	}
	s.eventually(time.Minute, full+" is "+address, func() error {
		if r := ask("a"); !strings.Contains(r.stdout, "Address: "+address) {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
	in("delete", "pod", "mill", "--grace-period=0", "--force")
	far := short + "." + federation + ".svc.eu-west-a.eu-west." + zone
	s.eventually(time.Minute, full+" is "+far, func() error {
		if r := ask("cname"); !strings.Contains(r.stdout, "canonical name = "+far) {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
}
