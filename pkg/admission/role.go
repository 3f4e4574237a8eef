package admission

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// rules are those of a ClusterRole: null, if there are none.
const rules = `(object.?rules.orValue(null) == null ? [] : object.rules)`

// customRole is the policy that says what the ClusterRole CustomKindsRole can grant, whoever writes it. The controller manager may write
// into that one role what it does not hold itself; so this is the limit: reading and patching kinds of groups that are not Reserved.
func customRole() (*admissionv1.ValidatingAdmissionPolicy, *admissionv1.ValidatingAdmissionPolicyBinding) {
	fail := admissionv1.Fail
	rule := match([]string{rbacv1.GroupName}, []string{"clusterroles"}, []admissionv1.OperationType{admissionv1.Create, admissionv1.Update})
	rule.ResourceNames = []string{CustomKindsRole}
	policy := &admissionv1.ValidatingAdmissionPolicy{
		TypeMeta:   typeMeta("ValidatingAdmissionPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: customRoleName},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy:    &fail,
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{rule}},
			Validations: []admissionv1.Validation{
				{
					Expression: `!has(object.aggregationRule)`,
					Message:    "this ClusterRole cannot be aggregated",
				},
				{
					Expression: rules + `.all(r, r.verbs.all(v, v in ["get", "list", "watch", "patch"]))`,
					Message:    "this ClusterRole grants get, list, watch and patch alone",
				},
				{
					// A wildcard has no dot, and so have Kubernetes' groups that are named in one word.
					Expression: rules + `.all(r, !has(r.nonResourceURLs) && r.?apiGroups.orValue([]).all(g, g.contains(".") && !(g in [` + quoted(reserved) + `])))`,
					Message:    "this ClusterRole grants rights to custom kinds alone",
				},
				{
					Expression: rules + `.all(r, r.?resources.orValue([]).all(s, !s.contains("*") && !s.contains("/")))`,
					Message:    "this ClusterRole names each kind, and no subresources",
				},
			},
		},
	}
	return policy, &admissionv1.ValidatingAdmissionPolicyBinding{
		TypeMeta:   typeMeta("ValidatingAdmissionPolicyBinding"),
		ObjectMeta: metav1.ObjectMeta{Name: customRoleName},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: customRoleName, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
}
