package admission_test

import (
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/fedhelm/fedhelm/pkg/admission"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func parse(t *testing.T, list string) []kinds.Kind {
	t.Helper()
	k, err := kinds.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPolicyIsForTheKindsAlone(t *testing.T) {
	p := admission.Policy(parse(t, "namespaces,secrets"))
	var resources []string
	for _, r := range p.Spec.MatchConstraints.ResourceRules {
		resources = append(resources, r.Resources...)
	}
	if want := []string{"namespaces", "secrets", "customresourcedefinitions"}; !slices.Equal(resources, want) {
		t.Errorf("the policy is for %v, want %v", resources, want)
	}
	for _, c := range p.Spec.MatchConditions {
		if strings.Contains(c.Expression, "jobs") || strings.Contains(c.Expression, "replicasets") {
			t.Errorf("condition %q is about a kind that is not federated", c.Name)
		}
	}
}

// Custom kinds are matched by wildcard; a kind of both policies would be looked at twice by each write.
func TestCustomPolicyLeavesTheOtherKindsToTheirs(t *testing.T) {
	excluded := map[string]bool{}
	for _, r := range admission.CustomPolicy(kinds.Default()).Spec.MatchConstraints.ExcludeResourceRules {
		for _, resource := range r.Resources {
			excluded[r.APIGroups[0]+"/"+resource] = true
		}
	}
	for _, k := range append(kinds.Default(), kinds.Definitions(), kinds.Kind{Group: "coordination.k8s.io", Resource: "leases"}) {
		if !excluded[k.Group+"/"+k.Resource] {
			t.Errorf("%s is matched", k.ID())
		}
	}
}

func TestPoliciesThatFailStopNoRequest(t *testing.T) {
	for _, p := range []*admissionv1.MutatingAdmissionPolicy{admission.Policy(kinds.Default()), admission.CustomPolicy(kinds.Default())} {
		if got := *p.Spec.FailurePolicy; got != admissionv1.Ignore {
			t.Errorf("failurePolicy of %q is %s", p.Name, got)
		}
	}
}

func TestEveryPolicyIsBound(t *testing.T) {
	policies, bound := map[string]bool{}, map[string]bool{}
	for _, o := range admission.Objects(kinds.Default()) {
		switch o := o.(type) {
		case *admissionv1.MutatingAdmissionPolicy:
			policies[o.Name] = true
		case *admissionv1.MutatingAdmissionPolicyBinding:
			bound[o.Spec.PolicyName] = true
		case *admissionv1.ValidatingAdmissionPolicy:
			policies[o.Name] = true
		case *admissionv1.ValidatingAdmissionPolicyBinding:
			bound[o.Spec.PolicyName] = true
		default:
			t.Errorf("a %T is no policy", o)
		}
	}
	if len(policies) != 4 || len(bound) != 4 {
		t.Errorf("policies %v, bound %v", policies, bound)
	}
	for name := range policies {
		if !bound[name] {
			t.Errorf("%q is not bound", name)
		}
	}
}

func TestReserved(t *testing.T) {
	for group, want := range map[string]bool{
		"federation.fedhelm.io": true, "rbac.authorization.k8s.io": true, "middle.earth": false, "gateway.networking.k8s.io": false,
	} {
		if got := admission.Reserved(group); got != want {
			t.Errorf("Reserved(%q) = %t", group, got)
		}
	}
}
