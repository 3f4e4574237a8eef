package admission

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// orphaning is an expression for a deletion that shall leave dependents where they are: in the words of today, or in those of old clients.
const orphaning = `(request.?options.?propagationPolicy.orValue("") == "Orphan" || request.?options.?orphanDependents.orValue(false) == true)`

// emptyFirst is the policy that refuses to orphan a namespace, or a definition that is federated. Kubernetes deletes what such an object
// holds, however the deletion is meant, one by one and without a word of how it was meant; so their copies would go from all members, while
// whoever asked wants all of it to stay. What it holds can be orphaned first, and then the members keep what holds it as well.
//
// A namespace that is itself kept out of the federation may hold what is federated; those of the control plane hold nothing that is.
func emptyFirst() (*admissionv1.ValidatingAdmissionPolicy, *admissionv1.ValidatingAdmissionPolicyBinding) {
	fail := admissionv1.Fail // a deletion that is held up can be asked for again
	const (
		namespace = `request.resource.resource == "namespaces"`
		name      = `oldObject.metadata.name`
	)
	policy := &admissionv1.ValidatingAdmissionPolicy{
		TypeMeta:   typeMeta("ValidatingAdmissionPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: emptyFirstName},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionv1.MatchResources{
				ResourceRules: rulesFor([]kinds.Kind{{Resource: "namespaces"}, kinds.Definitions()}, admissionv1.Delete),
			},
			MatchConditions: []admissionv1.MatchCondition{{
				Name: "it-is-orphaned-and-may-hold-what-is-federated",
				Expression: orphaning + ` && (` + namespace + ` ? !` + name + `.startsWith("kube-") : oldObject.` +
					has(fedv1beta1.FinalizerPropagation) + `)`,
			}},
			Validations: []admissionv1.Validation{{
				Expression: `false`,
				MessageExpression: namespace +
					` ? "what is in a namespace is deleted with it, in every member too; to keep it running there, first orphan what is in it: ` +
					`kubectl delete KINDS --all --cascade=orphan --namespace=" + ` + name + ` + "; then delete the namespace without --cascade=orphan, and members keep theirs"` +
					` : "the objects of a definition are deleted with it, in every member too; to keep them there, first orphan them: ` +
					`kubectl delete " + ` + name + ` + " --all --all-namespaces --cascade=orphan; then delete the definition without --cascade=orphan, and members keep theirs"`,
			}},
		},
	}
	return policy, &admissionv1.ValidatingAdmissionPolicyBinding{
		TypeMeta:   typeMeta("ValidatingAdmissionPolicyBinding"),
		ObjectMeta: metav1.ObjectMeta{Name: emptyFirstName},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: emptyFirstName, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
}
