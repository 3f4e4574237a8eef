//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kubectlWorks runs what users type, as they type it.
func (r *realm) kubectlWorks(s *sandbox, namespace string) {
	web := `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - {name: web, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "1000000"]}
`
	s.step("apply, rollout status, wait, get", func(s *sandbox) {
		r.apply(s, namespace, web)
		r.kubectl(s, namespace, "rollout", "status", "deployment/web", "--timeout=90s")
		r.podsReady(s, namespace, "app=web", 4)
		r.says(s, namespace, "deployment/web", "condition=Available")
		if got := r.kubectl(s, namespace, "get", "deployment", "web", "--no-headers", "--output=custom-columns=R:.status.readyReplicas,A:.status.availableReplicas,U:.status.updatedReplicas"); strings.Join(strings.Fields(got), " ") != "4 4 4" {
			s.Errorf("kubectl get says ready, available and updated are %q, want 4 each", got)
		}
		file := s.write("web.yaml", web)
		if r := s.try(time.Minute, "kubectl", "--context="+r.name, "--namespace="+namespace, "diff", "--filename="+file); r.code != 0 {
			s.Errorf("kubectl diff finds differences\n%s", r)
		}
		if said := r.kubectl(s, namespace, "apply", "--filename="+file); !strings.Contains(said, "unchanged") {
			s.Errorf("a second apply says %q", said)
		}
	})
	s.step("scale up and down", func(s *sandbox) {
		for _, n := range []int{7, 2} {
			r.kubectl(s, namespace, "scale", "deployment/web", fmt.Sprintf("--replicas=%d", n))
			r.kubectl(s, namespace, "rollout", "status", "deployment/web", "--timeout=90s")
			r.podsReady(s, namespace, "app=web", n)
			r.converges(s, time.Minute, namespace)
		}
	})
	s.step("a rollout", func(s *sandbox) {
		r.kubectl(s, namespace, "set", "env", "deployment/web", "ROUND=2")
		r.kubectl(s, namespace, "rollout", "status", "deployment/web", "--timeout=90s")
		r.podsReady(s, namespace, "app=web", 2)
		for _, member := range r.joined() {
			pods := s.kubectl(member, "--namespace="+namespace, "get", "pods", "--selector=app=web", "--output=jsonpath={.items[*].spec.containers[0].env[0].value}")
			if strings.Trim(pods, "2 ") != "" || pods == "" {
				s.Errorf("when the rollout had ended, ROUND of the pods in %s was %q", member, pods)
			}
		}
		r.kubectl(s, namespace, "rollout", "restart", "deployment/web")
		r.kubectl(s, namespace, "rollout", "status", "deployment/web", "--timeout=90s")
	})
	s.step("a Job completes", func(s *sandbox) {
		r.apply(s, namespace, `
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  completions: 6
  parallelism: 3
  template: {spec: {restartPolicy: Never, containers: [{name: sum, image: "docker.io/library/busybox:stable", command: [busybox, "true"]}]}}
`)
		r.says(s, namespace, "job/sum", "condition=Complete")
		if got := r.kubectl(s, namespace, "get", "job", "sum", "--output=jsonpath={.status.succeeded}"); got != "6" {
			s.Errorf("%s pods of the Job succeeded, want 6", got)
		}
		r.kubectl(s, namespace, "create", "job", "once", "--image=docker.io/library/busybox:stable", "--", "busybox", "true")
		r.says(s, namespace, "job/once", "condition=Complete")
		r.converges(s, time.Minute, namespace)
	})
	s.step("a finished Job whose copy is taken away is not run again", func(s *sandbox) {
		jobs := r.kind("jobs.batch")
		was := r.kubectl(s, namespace, "get", "job", "sum", "--output=jsonpath={.metadata.uid} {.status.succeeded}")
		for _, member := range r.joined() {
			s.kubectl(member, "--namespace="+namespace, "delete", "job", "sum")
		}
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Second) {
			for _, member := range r.joined() {
				if r.member(member).get(s, jobs, namespace, "sum") != nil {
					s.Fatalf("the Job was run again in %s", member)
				}
			}
		}
		if now := r.kubectl(s, namespace, "get", "job", "sum", "--output=jsonpath={.metadata.uid} {.status.succeeded}"); now != was {
			s.Errorf("UID and successes of the Job are %q, want %q as before", now, was)
		}
		r.kubectl(s, namespace, "delete", "job", "sum", "once", "--timeout=60s")
	})
	s.step("delete orphans, and again with what it was", func(s *sandbox) {
		held := r.holdings(s, namespace)
		r.kubectl(s, namespace, "delete", "deployment", "web", "--cascade=orphan", "--timeout=60s")
		r.orphaned(s, held)
		r.podsReady(s, namespace, "app=web", 2)
		r.apply(s, namespace, strings.Replace(web, "metadata: {name: web}", `metadata: {name: web, annotations: {federation.fedhelm.io/adopt: "true"}}`, 1))
		r.kubectl(s, namespace, "rollout", "status", "deployment/web", "--timeout=90s")
		r.converges(s, time.Minute, namespace)
		r.kubectl(s, namespace, "delete", "deployment", "web", "--timeout=60s")
		if err := r.compare(s.Context(), namespace); err != nil {
			s.Errorf("after kubectl delete: %v", err)
		}
		r.podsReady(s, namespace, "app=web", 0)
	})
}

// podsReady checks how many pods of all members together are Ready: at once, since the federation said so.
func (r *realm) podsReady(s *sandbox, namespace, selector string, want int) {
	s.Helper()
	check := func() error {
		ready, seen := 0, ""
		for _, member := range r.joined() {
			pods, err := r.member(member).client.CoreV1().Pods(namespace).List(context.WithoutCancel(s.Context()), metav1.ListOptions{LabelSelector: selector})
			if err != nil {
				return err
			}
			for _, p := range pods.Items {
				for _, c := range p.Status.Conditions {
					if c.Type == "Ready" && c.Status == "True" && p.DeletionTimestamp == nil {
						ready++
					}
				}
				seen += fmt.Sprintf(" %s/%s %s", member, p.Name, p.Status.Phase)
			}
		}
		if ready != want {
			return fmt.Errorf("%d pods are ready, want %d:%s", ready, want, seen)
		}
		return nil
	}
	if want > 0 {
		// What kubectl has waited for. A pod that goes may be Ready for a moment longer.
		s.eventually(10*time.Second, "pods are as the federation said", check)
		return
	}
	s.eventually(time.Minute, "no pods are left", check)
}

// helmWorks installs, upgrades and uninstalls what helm create makes, with an image that the test bed has.
func (r *realm) helmWorks(s *sandbox, namespace string) {
	s.must("helm", "create", "web")
	template := filepath.Join(s.home, "web", "templates", "deployment.yaml")
	text, err := os.ReadFile(template)
	if err != nil {
		s.Fatal(err)
	}
	served := strings.Replace(string(text), "          ports:\n", "          command: [busybox, httpd, -f, -p, \"80\", -h, /etc]\n          ports:\n", 1)
	if served == string(text) {
		s.Fatalf("the chart of helm create has no ports:\n%s", text)
	}
	if err := os.WriteFile(template, []byte(served), 0o600); err != nil {
		s.Fatal(err)
	}
	helm := func(args ...string) result {
		s.Helper()
		return s.must("helm", append(args, "--kube-context="+r.name, "--namespace="+namespace)...)
	}
	set := []string{
		"--set=image.repository=docker.io/library/busybox,image.tag=stable,ingress.enabled=true,replicaCount=3",
		"--set=livenessProbe.httpGet.path=/hostname,readinessProbe.httpGet.path=/hostname",
	}
	helm(append([]string{"install", "shop", "web", "--wait", "--timeout=2m"}, set...)...)
	if got := helm("status", "shop", "--output=json").stdout; !strings.Contains(got, `"status":"deployed"`) {
		s.Errorf("after helm install --wait the release is not deployed: %s", got)
	}
	r.podsReady(s, namespace, "app.kubernetes.io/instance=shop", 3)
	r.converges(s, time.Minute, namespace)
	for _, member := range r.joined() {
		if got := s.kubectl(member, "--namespace="+namespace, "get", "secrets", "--output=name"); got != "" {
			s.Errorf("the release's records are in %s: %s", member, got)
		}
	}
	helm(append([]string{"upgrade", "shop", "web", "--wait", "--timeout=2m", "--set=podAnnotations.round=two"}, set...)...)
	r.podsReady(s, namespace, "app.kubernetes.io/instance=shop", 3)
	r.converges(s, time.Minute, namespace)
	helm("rollback", "shop", "1", "--wait", "--timeout=2m")
	r.podsReady(s, namespace, "app.kubernetes.io/instance=shop", 3)
	r.converges(s, time.Minute, namespace)
	helm("uninstall", "shop", "--wait", "--timeout=2m")
	s.eventually(time.Minute, "the members are empty", func() error { return r.isEmpty(s, namespace) })
}

// isEmpty checks that a namespace of the members holds nothing but what Kubernetes puts into each.
func (r *realm) isEmpty(s *sandbox, namespace string) error {
	var errs []error
	for _, member := range r.joined() {
		for o := range r.member(member).list(s) {
			kind, name, _ := strings.Cut(o, " ")
			if in, of, _ := strings.Cut(name, "/"); in == namespace && of != "kube-root-ca.crt" && (kind != "serviceaccounts" || of != "default") {
				errs = append(errs, fmt.Errorf("%s has %s", member, o))
			}
		}
	}
	return errors.Join(errs...)
}
