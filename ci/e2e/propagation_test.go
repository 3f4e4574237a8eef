//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// TestPropagation is what a federation with members is for. Its parts share one federation, and run beside each other in namespaces of their own.
func TestPropagation(t *testing.T) {
	s := newSandbox(t)
	first, second, third := s.member(gondor), s.member(rohan), s.member(arnor)
	r := s.realm("quest", "--controllermanager-arg-overrides=--cluster-monitor-period=4s,--cluster-monitor-timeout=2s")
	r.join(s, first, "--labels=environment=production,tier=3")
	r.join(s, second, "--labels=environment=staging,tier=1,horses=many")
	before := s.list()

	s.step("beside each other", func(s *sandbox) {
		r.beside(s, "preferences", r.preferences) // the longest first
		r.beside(s, "autoscaler", r.autoscaler)
		r.beside(s, "kinds", r.everyKind)
		r.beside(s, "claims", r.claims)
		r.beside(s, "kubectl", r.kubectlWorks)
		r.beside(s, "helm", r.helmWorks)
		r.beside(s, "selectors", r.selectors)
		r.beside(s, "conflict", r.conflict)
		r.beside(s, "namespace", r.namespaceInUse)
		r.beside(s, "drift", r.drift)
		r.beside(s, "immutable", r.immutable)
		r.beside(s, "out", r.staysOut)
	})
	// A kind that the federation may not list keeps all namespaces in members.
	s.step("alone", func(s *sandbox) { r.beside(s, "custom", r.customKind) })
	s.step("a third member joins and leaves", func(s *sandbox) { r.thirdMember(s, third) })
	if err := unchanged(before, s.list()); err != nil {
		s.Errorf("the host cluster is not as before:\n%v", err)
	}
	r.end(s)
}

// isLong leaves a test that takes many minutes to make test-e2e-long, which runs it as well.
func isLong(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes many minutes: make test-e2e-long")
	}
}

// thirdMember joins while there is much to hold, and leaves again. The others run on as if nothing had been.
func (r *realm) thirdMember(s *sandbox, third *member) {
	namespace := s.namespace + "-third"
	s.kubectl(r.name, "create", "namespace", namespace)
	r.kubectl(s, namespace, "apply", "--filename="+kindsFile())
	r.converges(s, time.Minute, namespace)
	r.settles(s, time.Minute, namespace)
	r.atRest(s, namespace, true)
	bounds := kinds.ID("horizontalpodautoscalers.autoscaling") // the maximum is a total, of which the third gets a part
	gondorHad, rohanHad := r.writes(s, gondor, namespace, bounds), r.writes(s, rohan, namespace, bounds)

	r.join(s, third, "--labels=environment=production,tier=2")
	r.converges(s, time.Minute, namespace)
	r.settles(s, time.Minute, namespace)
	// Nothing moves for its sake: what ran stays where it is.
	if diff := cmp.Diff(gondorHad, r.writes(s, gondor, namespace, bounds)); diff != "" {
		s.Errorf("the third member's joining changed copies in gondor (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(rohanHad, r.writes(s, rohan, namespace, bounds)); diff != "" {
		s.Errorf("the third member's joining changed copies in rohan (-before +after):\n%s", diff)
	}
	r.kubectl(s, namespace, "scale", "deployment/web", "--replicas=7")
	r.converges(s, time.Minute, namespace)
	r.settles(s, time.Minute, namespace)
	if web := third.get(s, r.kind("deployments.apps"), namespace, "web"); replicasOf(web) == 0 {
		s.Errorf("the third member has no part of the three more replicas: %v", web.Object["spec"])
	}

	withParts := []kinds.ID{bounds, "deployments.apps", "replicasets.apps", "statefulsets.apps", "jobs.batch"} // the others get what it had
	gondorHad = r.writes(s, gondor, namespace, withParts...)
	r.part(s, arnor, "--workloads=delete")
	third.isAsBefore(s)
	r.converges(s, time.Minute, namespace)
	r.settles(s, time.Minute, namespace)
	if diff := cmp.Diff(gondorHad, r.writes(s, gondor, namespace, withParts...)); diff != "" {
		s.Errorf("the third member's leaving changed copies in gondor (-before +after):\n%s", diff)
	}
	r.clear(s, namespace)
}
