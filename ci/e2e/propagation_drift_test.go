//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const driftObjects = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {part: settings}}
data: {road: east}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "1000000"]}]
`

// mesh is a policy that adds a side-car to the Deployments of a namespace, as a service mesh's webhook does. (It cannot say command, which
// is an atomic list, so the side-car runs in simulated members only.)
const mesh = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >-
          Object{metadata: Object.metadata{annotations: {"mesh": "in"}}, spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
          containers: [Object.spec.template.spec.containers{name: "mesh", image: "docker.io/library/busybox:stable"}]}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME}
`

// drift changes copies by hand. What the source says is put back, what it says nothing of is left alone.
func (r *realm) drift(s *sandbox, namespace string) {
	configMaps, deployments := r.kind("configmaps"), r.kind("deployments.apps")
	r.meshed(s, rohan, namespace)
	r.apply(s, namespace, driftObjects)
	r.kubectl(s, namespace, "rollout", "status", "deployment/web", "--timeout=90s")
	r.converges(s, time.Minute, namespace)

	s.step("what is injected stays", func(s *sandbox) {
		before := r.member(rohan).get(s, deployments, namespace, "web")
		if got := containers(before); got != "mesh web" && got != "web mesh" {
			s.Fatalf("the containers are %s: the policy does not work, or was overruled", got)
		}
		r.atRest(s, namespace, false)
		after := r.member(rohan).get(s, deployments, namespace, "web")
		if after.GetGeneration() != before.GetGeneration() || after.GetAnnotations()["mesh"] != "in" {
			s.Errorf("the Deployment was at generation %d, and is at %d with annotations %v", before.GetGeneration(), after.GetGeneration(), after.GetAnnotations())
		}
	})
	s.step("what the source says is put back", func(s *sandbox) {
		for _, change := range []struct {
			kind        kinds.Kind
			name, patch string
		}{
			{configMaps, "settings", `{"data":{"road":"lost"}}`},
			{configMaps, "settings", `{"data":null}`},
			{deployments, "web", `{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":20}}}}`},
			{deployments, "web", `{"spec":{"replicas":5}}`},
		} {
			start := time.Now()
			r.member(rohan).patch(s, change.kind, namespace, change.name, change.patch)
			r.converges(s, 30*time.Second, namespace)
			s.Logf("%s was put back within %s", change.patch, time.Since(start).Round(100*time.Millisecond))
		}
		s.kubectl(gondor, "--namespace="+namespace, "delete", "configmap", "settings")
		r.converges(s, 30*time.Second, namespace)
	})
	s.step("what it says nothing of is left alone", func(s *sandbox) {
		r.member(rohan).patch(s, configMaps, namespace, "settings", `{"metadata":{"annotations":{"note":"mine"},"labels":{"team":"rangers"}}}`)
		r.member(rohan).patch(s, deployments, namespace, "web", `{"spec":{"minReadySeconds":1},"metadata":{"annotations":{"note":"mine"}}}`)
		r.api.patch(s, configMaps, namespace, "settings", `{"data":{"road":"north"}}`)
		s.eventually(30*time.Second, "the change is in rohan", func() error {
			o := r.member(rohan).get(s, configMaps, namespace, "settings")
			if got := fmt.Sprint(o.Object["data"]); got != "map[road:north]" {
				return fmt.Errorf("data is %s", got)
			}
			if o.GetAnnotations()["note"] != "mine" || o.GetLabels()["team"] != "rangers" {
				return fmt.Errorf("what others added is gone: %v", o.Object["metadata"])
			}
			return nil
		})
		o := r.member(rohan).get(s, deployments, namespace, "web")
		if seconds, _, _ := unstructured.NestedInt64(o.Object, "spec", "minReadySeconds"); seconds != 1 || o.GetAnnotations()["note"] != "mine" {
			s.Errorf("what others added to the Deployment is gone: %v", o.Object)
		}
	})
	s.step("no fight with somebody who will not give up", func(s *sandbox) { r.contest(s, namespace) })
}

// meshed puts the policy into a member.
func (r *realm) meshed(s *sandbox, member, namespace string) {
	s.Helper()
	name := s.namespace + "-mesh"
	s.create(member, strings.NewReplacer("NAMESPACE", namespace, "NAME", name).Replace(mesh))
	s.Cleanup(func() {
		s.kubectl(member, "delete", "mutatingadmissionpolicy,mutatingadmissionpolicybinding", name)
	})
	s.eventually(30*time.Second, "the policy is in force", func() error {
		got := s.kubectl(member, "--namespace="+namespace, "create", "deployment", "try", "--image=example.com/try", "--dry-run=server", "--output=jsonpath={.metadata.annotations.mesh}")
		if got != "in" {
			return fmt.Errorf("annotation mesh of a Deployment is %q", got)
		}
		return nil
	})
}

// contest changes a copy back whenever the federation has changed it: that must happen ever less often, and be said.
func (r *realm) contest(s *sandbox, namespace string) {
	configMaps, fought := r.kind("configmaps"), 0
	for stop := time.Now().Add(20 * time.Second); time.Now().Before(stop); time.Sleep(50 * time.Millisecond) {
		o := r.member(rohan).get(s, configMaps, namespace, "settings")
		if !strings.Contains(fmt.Sprint(o.Object["data"]), "lost") {
			r.member(rohan).patch(s, configMaps, namespace, "settings", `{"data":{"road":"lost"}}`)
			fought++
		}
	}
	if fought < 2 || fought > 9 {
		s.Errorf("it was put back %d times in 20 s, want some times, and ever fewer", fought-1)
	}
	r.propagates(s, namespace, "configmap/settings", "synced 1/2; rohan: Contested")
	r.event(s, namespace, "settings", "Contested")
	s.eventually(time.Minute, "it is put back in the end", func() error {
		if o := r.member(rohan).get(s, configMaps, namespace, "settings"); strings.Contains(fmt.Sprint(o.Object["data"]), "lost") {
			return fmt.Errorf("its data are %v", o.Object["data"])
		}
		return nil
	})
}

// propagates waits until a source says how it stands, in words that begin so.
func (r *realm) propagates(s *sandbox, namespace, object, want string) {
	s.Helper()
	s.eventually(time.Minute, object+" says how it stands", func() error {
		got := r.kubectl(s, namespace, "get", object, `--output=jsonpath={.metadata.annotations.federation\.fedhelm\.io/propagation}`)
		if !strings.HasPrefix(got, want) {
			return fmt.Errorf("it says %q, want %q", got, want)
		}
		return nil
	})
}

// create makes objects, in YAML, in a cluster.
func (s *sandbox) create(kubeContext, objects string, args ...string) {
	s.Helper()
	cmd := s.command(s.Context(), "kubectl", append([]string{"--context=" + kubeContext, "create", "--filename=-"}, args...)...)
	cmd.Stdin = strings.NewReader(objects)
	if r := s.finish(cmd); r.code != 0 {
		s.Fatal(r)
	}
}

func containers(workload *unstructured.Unstructured) string {
	list, _, _ := unstructured.NestedSlice(workload.Object, "spec", "template", "spec", "containers")
	var names []string
	for _, c := range list {
		names = append(names, nameOf(c))
	}
	return strings.Join(names, " ")
}
