package admission

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Finalizer is the policy that keeps the finalizer on all that is federated of these kinds and on marked CustomResourceDefinitions: put on
// by the request that makes an object, and put back by one that would drop it. An object that is being deleted, or is not federated any
// more, may lose it.
//
// A policy that cannot be evaluated lets the request pass, since the controller puts the finalizer on whatever comes without it.
func Finalizer(of []kinds.Kind) *admissionv1.MutatingAdmissionPolicy {
	of = append(of[:len(of):len(of)], kinds.Definitions())
	p := finalizer(finalizerName, rulesFor(of, admissionv1.Create, admissionv1.Update))
	p.Spec.MatchConditions = append(federated(of), needsFinalizer())
	return p
}

// CustomFinalizer does the same for the custom kinds that the ConfigMap CustomKinds names, as soon as it names them: other than a policy,
// a parameter is looked up for each request.
func CustomFinalizer(others []kinds.Kind) *admissionv1.MutatingAdmissionPolicy {
	p := finalizer(customFinalizerName, everything(admissionv1.Create, admissionv1.Update))
	p.Spec.MatchConstraints.ExcludeResourceRules = append(rulesFor(others, admissionv1.OperationAll), rulesFor([]kinds.Kind{
		kinds.Definitions(), {Group: "coordination.k8s.io", Resource: "leases"}, {Resource: "events"}, {Group: "events.k8s.io", Resource: "events"},
	}, admissionv1.OperationAll)...)
	p.Spec.ParamKind = &admissionv1.ParamKind{APIVersion: corev1.SchemeGroupVersion.String(), Kind: "ConfigMap"}
	p.Spec.MatchConditions = append([]admissionv1.MatchCondition{{
		Name:       "is-a-federated-custom-kind",
		Expression: `params.?data[?request.resource.resource + "." + request.resource.group].orValue("") == "` + StateFederated + `"`,
	}}, append(federated(nil), needsFinalizer())...)
	return p
}

func finalizer(name string, match []admissionv1.NamedRuleWithOperations) *admissionv1.MutatingAdmissionPolicy {
	const mark = `"` + fedv1beta1.FinalizerPropagation + `"`
	return policy(name, match, admissionv1.Ignore, `has(object.metadata.finalizers)`+
		` ? [JSONPatch{op: "add", path: "/metadata/finalizers/-", value: `+mark+`}]`+
		` : [JSONPatch{op: "add", path: "/metadata/finalizers", value: [`+mark+`]}]`)
}

// needsFinalizer is the last condition, so that the requests of every day are not patched.
func needsFinalizer() admissionv1.MatchCondition {
	return admissionv1.MatchCondition{
		Name: "lacks-the-finalizer",
		Expression: `!has(object.metadata.deletionTimestamp)` +
			` && !object.metadata.?finalizers.orValue([]).exists(f, f == "` + fedv1beta1.FinalizerPropagation + `")`,
	}
}

// Orphan is the policy that notes what the finalizer "orphan" says, when that goes from an object that the federation still holds on to:
// the garbage collector takes it off at once, and the note is all that remains for the controller to see.
//
// Should it fail, the request is refused and comes again: a deletion waits rather than take copies along that were to stay. It can fail for
// requests alone that take the finalizer off, and it looks at nothing but the object.
func Orphan() *admissionv1.MutatingAdmissionPolicy {
	const key = fedv1beta1.AnnotationOrphan
	p := policy(orphanName, everything(admissionv1.Update), admissionv1.Fail, `has(object.metadata.annotations)`+
		` ? [JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("`+key+`"), value: "true"}]`+
		` : [JSONPatch{op: "add", path: "/metadata/annotations", value: {"`+key+`": "true"}}]`)
	p.Spec.MatchConditions = []admissionv1.MatchCondition{
		{Name: "is-being-deleted", Expression: `has(object.metadata.deletionTimestamp) && has(oldObject.metadata.finalizers)`},
		{
			Name:       "has-the-federations-finalizer",
			Expression: `oldObject.metadata.?finalizers.orValue([]).exists(f, f == "` + fedv1beta1.FinalizerPropagation + `")`,
		},
		{
			Name: "is-left-by-the-finalizer-orphan",
			Expression: `oldObject.metadata.?finalizers.orValue([]).exists(f, f == "` + metav1.FinalizerOrphanDependents + `")` +
				` && !object.metadata.?finalizers.orValue([]).exists(f, f == "` + metav1.FinalizerOrphanDependents + `")`,
		},
	}
	return p
}
