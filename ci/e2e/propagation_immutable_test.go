//go:build e2e

package e2e

import (
	"fmt"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// immutable changes what cannot be changed in a copy.
func (r *realm) immutable(s *sandbox, namespace string) {
	configMaps := r.kind("configmaps")
	s.step("an object that is made anew has new copies", func(s *sandbox) {
		frozen := "{apiVersion: v1, kind: ConfigMap, metadata: {name: frozen}, immutable: true, data: {road: %s}}\n"
		r.apply(s, namespace, fmt.Sprintf(frozen, "east"))
		r.converges(s, 30*time.Second, namespace)
		was := r.member(gondor).get(s, configMaps, namespace, "frozen").GetUID()
		r.kubectl(s, namespace, "delete", "configmap", "frozen", "--timeout=60s")
		r.apply(s, namespace, fmt.Sprintf(frozen, "west"))
		r.converges(s, 30*time.Second, namespace)
		if is := r.member(gondor).get(s, configMaps, namespace, "frozen").GetUID(); is == was {
			s.Error("the copy in gondor is the one from before")
		}
	})
	s.step("a Service that is made anew with an address", func(s *sandbox) {
		r.apply(s, namespace, "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: None, selector: {a: b}, ports: [{port: 80}]}}\n")
		r.converges(s, 30*time.Second, namespace)
		r.kubectl(s, namespace, "delete", "service", "web", "--timeout=60s")
		r.apply(s, namespace, "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {a: b}, ports: [{port: 80}]}}\n")
		r.converges(s, 30*time.Second, namespace)
	})
	s.step("a Job that is made anew runs again", func(s *sandbox) {
		for range 2 {
			r.kubectl(s, namespace, "create", "job", "errand", "--image=docker.io/library/busybox:stable", "--", "busybox", "true")
			r.says(s, namespace, "job/errand", "condition=Complete")
			r.kubectl(s, namespace, "delete", "job", "errand", "--timeout=60s")
		}
	})
	s.step("a copy that somebody froze", func(s *sandbox) {
		r.apply(s, namespace, "{apiVersion: v1, kind: ConfigMap, metadata: {name: thawed}, data: {road: east}}\n")
		r.converges(s, 30*time.Second, namespace)
		r.member(rohan).patch(s, configMaps, namespace, "thawed", `{"immutable":true}`)
		was := r.member(rohan).get(s, configMaps, namespace, "thawed")
		r.api.patch(s, configMaps, namespace, "thawed", `{"data":{"road":"west"}}`)
		r.propagates(s, namespace, "configmap/thawed", "synced 1/2; rohan: Immutable")
		r.event(s, namespace, "thawed", "Immutable")
		if is := r.member(rohan).get(s, configMaps, namespace, "thawed"); is.GetResourceVersion() != was.GetResourceVersion() {
			s.Errorf("the copy was written to: %v", is.Object)
		}
		r.api.patch(s, configMaps, namespace, "thawed", fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, fedv1beta1.AnnotationOnImmutable, fedv1beta1.OnImmutableRecreate))
		r.converges(s, 30*time.Second, namespace)
	})
}
