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

func TestFinalizerIsForTheKindsAlone(t *testing.T) {
	p := admission.Finalizer(parse(t, "namespaces,secrets"))
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
func TestCustomFinalizerLeavesTheOtherKindsToTheirPolicy(t *testing.T) {
	excluded := map[string]bool{}
	for _, r := range admission.CustomFinalizer(kinds.Default()).Spec.MatchConstraints.ExcludeResourceRules {
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

func TestPoliciesThatFail(t *testing.T) {
	tests := []struct {
		name   string
		policy *admissionv1.MutatingAdmissionPolicy
		want   admissionv1.FailurePolicyType
	}{
		{"a finalizer that cannot be put on stops no request", admission.Finalizer(kinds.Default()), admissionv1.Ignore},
		{"nor that of a custom kind", admission.CustomFinalizer(kinds.Default()), admissionv1.Ignore},
		{"a deletion that cannot be understood waits", admission.Orphan(), admissionv1.Fail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := *tt.policy.Spec.FailurePolicy; got != tt.want {
				t.Errorf("failurePolicy is %s, want %s", got, tt.want)
			}
		})
	}
}

// What may stop requests depends on nothing but the object: no parameter that may not be there, and all it asks for is asked for if there.
func TestOrphanCanHardlyFail(t *testing.T) {
	p := admission.Orphan()
	if p.Spec.ParamKind != nil {
		t.Error("it has a parameter")
	}
	if first := p.Spec.MatchConditions[0].Expression; !strings.HasPrefix(first, "has(object.metadata.deletionTimestamp)") {
		t.Errorf("it looks at objects that are not being deleted: %s", first)
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
