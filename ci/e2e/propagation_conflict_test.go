//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// conflict has objects in a member before their sources are: they are not touched, unless the sources say so.
func (r *realm) conflict(s *sandbox, namespace string) {
	configMaps, deployments := r.kind("configmaps"), r.kind("deployments.apps")
	r.converges(s, time.Minute, namespace) // the namespace itself
	const theirs = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {whose: theirs}}
data: {road: theirs, bridge: theirs}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {whose: theirs}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "7"]}]
`
	ours := strings.NewReplacer("theirs", "ours", "replicas: 1", "replicas: 4", `"7"`, `"1000000"`).Replace(strings.ReplaceAll(theirs, ", bridge: theirs", ""))
	s.create(gondor, theirs, "--namespace="+namespace)
	s.kubectl(gondor, "--namespace="+namespace, "rollout", "status", "deployment/web", "--timeout=60s")
	before := map[kinds.ID]*unstructured.Unstructured{}
	for k, name := range map[kinds.Kind]string{configMaps: "settings", deployments: "web"} {
		before[k.ID()] = r.member(gondor).get(s, k, namespace, name)
	}
	untouched := func(s *sandbox) {
		s.Helper()
		for k, name := range map[kinds.Kind]string{configMaps: "settings", deployments: "web"} {
			was, is := before[k.ID()], r.member(gondor).get(s, k, namespace, name)
			switch {
			case is == nil || is.GetUID() != was.GetUID():
				s.Errorf("their %s %s in gondor is gone", k.ID(), name)
			case is.GetGeneration() != was.GetGeneration() || k == configMaps && is.GetResourceVersion() != was.GetResourceVersion():
				s.Errorf("their %s %s in gondor was written to: %v", k.ID(), name, is.Object)
			}
		}
	}
	s.step("it is seen, and nothing is touched", func(s *sandbox) {
		r.apply(s, namespace, ours)
		for _, object := range []string{"configmap/settings", "deployment/web"} {
			r.propagates(s, namespace, object, "synced 1/2; gondor: Conflict")
		}
		r.event(s, namespace, "settings", "Conflict")
		r.event(s, namespace, "web", "Conflict")
		if described := s.fedhelm("describe", "configmap/settings", "--namespace="+namespace); !strings.Contains(described.stdout, "Conflict") {
			s.Errorf("fedhelm does not tell of it\n%s", described)
		}
		untouched(s)
	})
	s.step("deleting the source leaves it", func(s *sandbox) {
		r.kubectl(s, namespace, "delete", "configmap/settings", "deployment/web", "--timeout=60s")
		untouched(s)
		if o := r.member(rohan).get(s, configMaps, namespace, "settings"); o != nil {
			s.Errorf("the copy in rohan is still there: %v", o.Object)
		}
	})
	s.step("adopt takes it over", func(s *sandbox) {
		r.apply(s, namespace, ours)
		r.kubectl(s, namespace, "annotate", "configmap/settings", "deployment/web", fedv1beta1.AnnotationAdopt+"=true")
		s.eventually(30*time.Second, "the Deployment is taken over", func() error {
			if held := r.member(gondor).get(s, deployments, namespace, "web"); held == nil || !r.ours(held) || held.GetUID() != before[deployments.ID()].GetUID() {
				return fmt.Errorf("it is %v", held)
			}
			return nil
		})
		held := r.member(gondor).get(s, configMaps, namespace, "settings")
		if got := fmt.Sprint(held.Object["data"]); got != "map[bridge:theirs road:ours]" {
			s.Errorf("data is %s, want what the source has, and what it says nothing of left alone", got)
		}
		s.kubectl(gondor, "--namespace="+namespace, "patch", "configmap", "settings", "--type=merge", `--patch={"data":{"bridge":null}}`)
		r.settles(s, time.Minute, namespace)
		r.converges(s, time.Minute, namespace)
	})
	s.step("then it goes with its source", func(s *sandbox) {
		r.kubectl(s, namespace, "delete", "configmap/settings", "deployment/web", "--timeout=60s")
		if err := r.compare(s.Context(), namespace); err != nil {
			s.Error(err)
		}
	})
}

// namespaceInUse has a namespace in a member before the federation has it: it is used, never owned, never deleted.
func (r *realm) namespaceInUse(s *sandbox, namespace string) {
	shared, made := namespace+"-shared", namespace+"-made"
	s.kubectl(gondor, "create", "namespace", shared)
	s.kubectl(gondor, "--namespace="+shared, "create", "configmap", "theirs")
	namespaces := r.kind("namespaces")
	was := r.member(gondor).get(s, namespaces, "", shared)
	s.step("used", func(s *sandbox) {
		s.kubectl(r.name, "create", "namespace", shared)
		r.kubectl(s, shared, "create", "configmap", "ours", "--from-literal=a=b")
		s.eventually(30*time.Second, "what is in it is there", func() error {
			if r.member(gondor).get(s, r.kind("configmaps"), shared, "ours") == nil || r.member(rohan).get(s, r.kind("configmaps"), shared, "ours") == nil {
				return fmt.Errorf("ours is not in both members")
			}
			return nil
		})
		r.propagates(s, shared, "namespace/"+shared, "synced 2/2")
		if is := r.member(gondor).get(s, namespaces, "", shared); is.GetResourceVersion() != was.GetResourceVersion() {
			s.Errorf("the namespace was written to: %v", is.Object["metadata"])
		}
	})
	s.step("never deleted", func(s *sandbox) {
		s.must("kubectl", "--context="+r.name, "delete", "namespace", shared, "--timeout=60s")
		is := r.member(gondor).get(s, namespaces, "", shared)
		if is == nil || is.GetUID() != was.GetUID() || is.GetDeletionTimestamp() != nil {
			s.Fatalf("the namespace in gondor is %v", is)
		}
		if r.member(gondor).get(s, r.kind("configmaps"), shared, "theirs") == nil || r.member(gondor).get(s, r.kind("configmaps"), shared, "ours") != nil {
			s.Errorf("in gondor it has: %s", s.kubectl(gondor, "--namespace="+shared, "get", "configmaps", "--output=name"))
		}
		s.deleteNamespaceIn(r.member(gondor).cluster, shared)
	})
	s.step("one that we made stays while others use it", func(s *sandbox) {
		s.kubectl(r.name, "create", "namespace", made)
		r.converges(s, 30*time.Second, made)
		s.kubectl(gondor, "--namespace="+made, "create", "configmap", "theirs")
		s.must("kubectl", "--context="+r.name, "delete", "namespace", made, "--timeout=60s")
		is := r.member(gondor).get(s, namespaces, "", made)
		if is == nil || is.GetDeletionTimestamp() != nil || r.ours(is) {
			s.Errorf("the namespace in gondor is %v, want it there, and nobody's", is)
		}
		if r.member(gondor).get(s, r.kind("configmaps"), made, "theirs") == nil {
			s.Errorf("what others had in it is gone")
		}
		s.eventually(time.Minute, "it is gone from rohan, where nobody uses it", func() error {
			if o := r.member(rohan).get(s, namespaces, "", made); o != nil {
				return fmt.Errorf("it is %v", o.Object)
			}
			return nil
		})
		s.deleteNamespaceIn(r.member(gondor).cluster, made)
	})
}

// staysOut has what does not federate, beside what does.
func (r *realm) staysOut(s *sandbox, namespace string) {
	r.apply(s, namespace, `
{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, annotations: {federation.fedhelm.io/federate: "false"}}, data: {a: b}}
---
{apiVersion: v1, kind: Secret, metadata: {name: release}, type: helm.sh/release.v1, stringData: {a: b}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: walker}}
---
{apiVersion: v1, kind: Secret, metadata: {name: token, annotations: {kubernetes.io/service-account.name: walker}}, type: kubernetes.io/service-account-token}
---
{apiVersion: v1, kind: Pod, metadata: {name: alone}, spec: {containers: [{name: main, image: "docker.io/library/busybox:stable"}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: fixed, annotations: {e2e/node-port: "true"}}, spec: {type: NodePort, selector: {a: b}, ports: [{name: http, port: 80, nodePort: 31987}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: headless}, spec: {clusterIP: None, selector: {a: b}, ports: [{name: http, port: 80}]}}
`)
	r.kubectl(s, namespace, "patch", "serviceaccount", "default", "--patch", `{"metadata":{"labels":{"a":"b"}}}`)
	r.converges(s, 30*time.Second, namespace)
	for _, member := range r.joined() {
		for _, resource := range []string{"configmap/kept", "secret/release", "secret/token", "pod/alone"} {
			if got := s.try(time.Minute, "kubectl", "--context="+member, "--namespace="+namespace, "get", resource); got.code == 0 {
				s.Errorf("%s has what does not federate\n%s", member, got)
			}
		}
		if got := s.kubectl(member, "--namespace="+namespace, "get", "serviceaccount", "default", "--output=jsonpath={.metadata.labels}"); got != "" {
			s.Errorf("the ServiceAccount default of %s was written to: %s", member, got)
		}
	}
	s.step("an object is taken out and let in again", func(s *sandbox) {
		r.kubectl(s, namespace, "annotate", "serviceaccount/walker", "federation.fedhelm.io/federate=false")
		s.eventually(30*time.Second, "it is gone from members", func() error { return r.compare(s.Context(), namespace) })
		r.kubectl(s, namespace, "annotate", "configmap/kept", "federation.fedhelm.io/federate-")
		s.eventually(30*time.Second, "it is in members", func() error {
			if r.member(gondor).get(s, r.kind("configmaps"), namespace, "kept") == nil {
				return fmt.Errorf("it is not")
			}
			return r.compare(s.Context(), namespace)
		})
	})
}
