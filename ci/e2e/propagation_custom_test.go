//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rings.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {plural: rings, singular: ring, kind: Ring, listKind: RingList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {bearer: {type: string}, gems: {type: array, items: {type: string}}}}}}}
`
	ringRights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: GROUP, labels: {LABEL: FEDERATION}}
rules:
  - {apiGroups: [GROUP], resources: [rings], verbs: [get, list, watch, create, update, patch, delete]}
`
)

// customKind marks a definition: it goes into the members, and then its instances do.
func (r *realm) customKind(s *sandbox, namespace string) {
	group := s.namespace + ".example.com"
	fill := strings.NewReplacer("GROUP", group, "LABEL", fedv1beta1.LabelAggregateToMember, "FEDERATION", s.namespace+"."+r.name)
	crd := kinds.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"}
	rings := kinds.Kind{Group: group, Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}
	ring := func(name, bearer string) string {
		return fmt.Sprintf("---\n{apiVersion: %s/v1, kind: Ring, metadata: {name: %s}, spec: {bearer: %s, gems: [ruby, adamant]}}\n", group, name, bearer)
	}
	s.Cleanup(func() { // of a test that failed
		for _, member := range r.joined() {
			_ = r.member(member).of(crd, "").Delete(context.WithoutCancel(s.Context()), "rings."+group, metav1.DeleteOptions{})
			_ = r.member(member).client.RbacV1().ClusterRoles().Delete(context.WithoutCancel(s.Context()), group, metav1.DeleteOptions{})
		}
	})
	s.step("not marked", func(s *sandbox) {
		r.apply(s, namespace, fill.Replace(definition))
		r.says(s, namespace, "crd/rings."+group, "condition=Established")
		r.apply(s, namespace, ring("narya", "cirdan"))
		time.Sleep(3 * time.Second)
		for _, member := range r.joined() {
			if o := r.member(member).get(s, crd, "", "rings."+group); o != nil {
				s.Errorf("%s has the definition", member)
			}
		}
	})
	s.step("marked, but the federation has no right to write instances", func(s *sandbox) {
		r.kubectl(s, namespace, "label", "crd", "rings."+group, fedv1beta1.AnnotationFederate+"=true")
		r.propagates(s, namespace, "crd/rings."+group, "synced 2/2")
		r.propagates(s, namespace, "rings."+group+"/narya", "synced 0/2; gondor: Forbidden")
		r.event(s, namespace, "narya", "Forbidden")
	})
	s.step("given the right", func(s *sandbox) {
		for _, member := range r.joined() {
			s.create(member, fill.Replace(ringRights))
		}
		r.held(s, 5*time.Minute, rings, namespace, "narya")
	})
	s.step("instances", func(s *sandbox) {
		r.apply(s, namespace, ring("narya", "gandalf")+ring("nenya", "galadriel"))
		r.held(s, 30*time.Second, rings, namespace, "narya", "nenya")
		r.kubectl(s, namespace, "delete", "rings."+group, "nenya", "--timeout=60s")
		r.held(s, 10*time.Second, rings, namespace, "narya")
	})
	s.step("the definition goes, and its instances with it", func(s *sandbox) {
		r.kubectl(s, namespace, "delete", "crd", "rings."+group, "--timeout=90s")
		s.eventually(30*time.Second, "members do not have it", func() error {
			var errs []error
			for _, member := range r.joined() {
				if o := r.member(member).get(s, crd, "", "rings."+group); o != nil {
					errs = append(errs, fmt.Errorf("%s has it: %v", member, o.Object["metadata"]))
				}
			}
			return errors.Join(errs...)
		})
		for _, member := range r.joined() {
			s.kubectl(member, "delete", "clusterrole", group)
		}
	})
}

// held waits until the members hold copies of these sources of a kind, and no other objects of it.
func (r *realm) held(s *sandbox, limit time.Duration, k kinds.Kind, namespace string, names ...string) {
	s.Helper()
	s.eventually(limit, fmt.Sprintf("members have the %s %v", k.ID(), names), func() error {
		var errs []error
		for _, name := range names {
			source := r.api.get(s, k, namespace, name)
			if source == nil {
				s.Fatalf("there is no source %s %s", k.ID(), name)
			}
			for _, member := range r.joined() {
				if held := r.member(member).get(s, k, namespace, name); held != nil {
					errs = append(errs, differs(k, member, source, held))
				} else {
					errs = append(errs, fmt.Errorf("%s lacks %s: %s", member, name, propagation(source)))
				}
			}
			errs = append(errs, synced(k, source, len(r.joined())))
		}
		for _, member := range r.joined() {
			all, err := r.member(member).objects(context.WithoutCancel(s.Context()), k, namespace)
			if errs = append(errs, err); len(all) != len(names) {
				errs = append(errs, fmt.Errorf("%s has %d", member, len(all)))
			}
		}
		return errors.Join(errs...)
	})
}
