package admission

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Names of the other policies and of their bindings.
const (
	customPolicyName = "federation-propagation-custom-kinds"
	customRoleName   = "federation-custom-kinds-role"
	emptyFirstName   = "federation-empty-before-orphaning"
)

// Objects are all that the federation API needs to know for these kinds to be federated: policies, each with its binding.
func Objects(of []kinds.Kind) []runtime.Object {
	custom := binding(customPolicyName)
	allow := admissionv1.AllowAction // without the ConfigMap no custom kind is federated
	custom.Spec.ParamRef = &admissionv1.ParamRef{
		Namespace: metav1.NamespaceSystem, Name: CustomKinds, ParameterNotFoundAction: &allow,
	}
	role, roleBinding := customRole()
	empty, emptyBinding := emptyFirst()
	return []runtime.Object{
		Policy(of), binding(PolicyName),
		CustomPolicy(of), custom,
		role, roleBinding,
		empty, emptyBinding,
	}
}

func policy(name string, match []admissionv1.NamedRuleWithOperations, condition string) *admissionv1.MutatingAdmissionPolicy {
	ignore := admissionv1.Ignore
	return &admissionv1.MutatingAdmissionPolicy{
		TypeMeta:   typeMeta("MutatingAdmissionPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: match},
			MatchConditions:  []admissionv1.MatchCondition{{Name: "there-is-something-to-do", Expression: condition}},
			FailurePolicy:    &ignore,
			// What another policy or a webhook changes afterwards is looked at again.
			ReinvocationPolicy: admissionv1.IfNeededReinvocationPolicy,
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeJSONPatch,
				JSONPatch: &admissionv1.JSONPatch{Expression: patch},
			}},
		},
	}
}

func binding(name string) *admissionv1.MutatingAdmissionPolicyBinding {
	return &admissionv1.MutatingAdmissionPolicyBinding{
		TypeMeta:   typeMeta("MutatingAdmissionPolicyBinding"),
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name},
	}
}

// rulesFor match objects of these kinds, in whatever version, but not their subresources.
func rulesFor(of []kinds.Kind, operations ...admissionv1.OperationType) []admissionv1.NamedRuleWithOperations {
	byGroup := kinds.Rules(of)
	all := make([]admissionv1.NamedRuleWithOperations, len(byGroup))
	for i, r := range byGroup {
		all[i] = match(r.APIGroups, r.Resources, operations)
	}
	return all
}

func everything(operations ...admissionv1.OperationType) []admissionv1.NamedRuleWithOperations {
	return []admissionv1.NamedRuleWithOperations{match([]string{"*"}, []string{"*"}, operations)}
}

func match(groups, resources []string, operations []admissionv1.OperationType) admissionv1.NamedRuleWithOperations {
	return admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: operations,
		Rule:       admissionv1.Rule{APIGroups: groups, APIVersions: []string{"*"}, Resources: resources},
	}}
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: kind}
}
