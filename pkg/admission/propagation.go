package admission

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Policy keeps the finalizer on all that is federated of these kinds and on marked CustomResourceDefinitions: put on by the request that
// makes an object, and put back by one that would drop it. An object that is being deleted, or is not federated any more, may lose it.
//
// It also notes what the finalizer "orphan" says, when that goes from an object that the federation still holds on to: the garbage
// collector takes it off at once, and the note is all that a controller finds that did not watch meanwhile.
//
// A policy that cannot be evaluated lets the request pass: the controller puts the finalizer on what comes without it, and has mostly seen
// the finalizer "orphan" itself.
func Policy(of []kinds.Kind) *admissionv1.MutatingAdmissionPolicy {
	of = append(of[:len(of):len(of)], kinds.Definitions())
	return policy(PolicyName, rulesFor(of, admissionv1.Create, admissionv1.Update), condition(of))
}

// CustomPolicy does the same for the custom kinds that the ConfigMap CustomKinds names, as soon as it names them: other than a policy, a
// parameter is looked up for each request. The others have their own policy.
func CustomPolicy(others []kinds.Kind) *admissionv1.MutatingAdmissionPolicy {
	p := policy(customPolicyName, everything(admissionv1.Create, admissionv1.Update),
		`params.?data[?request.resource.resource + "." + request.resource.group].orValue("") == "`+StateFederated+`" && (`+condition(nil)+`)`)
	// Their updates are the most frequent by far.
	frequent := []kinds.Kind{
		{Group: "coordination.k8s.io", Resource: "leases"}, {Resource: "events"}, {Group: "events.k8s.io", Resource: "events"},
		{Group: fedv1beta1.GroupName, Resource: "clusters"},
	}
	p.Spec.MatchConstraints.ExcludeResourceRules = rulesFor(slices.Concat(frequent, []kinds.Kind{kinds.Definitions()}, others), admissionv1.OperationAll)
	p.Spec.ParamKind = &admissionv1.ParamKind{APIVersion: corev1.SchemeGroupVersion.String(), Kind: "ConfigMap"}
	return p
}

// deleting is what the policies do two things by. Who creates an object may say that it is being deleted; that is not so.
const deleting = `oldObject != null && has(object.metadata.deletionTimestamp)`

// condition is true if there is something to do: an ordinary update is not patched. It is one expression, since the API server evaluates
// all conditions of a policy, and this one comes to an end as soon as it can.
func condition(of []kinds.Kind) string {
	return deleting +
		` ? (oldObject.` + has(fedv1beta1.FinalizerPropagation) +
		` && oldObject.` + has(metav1.FinalizerOrphanDependents) + ` && !object.` + has(metav1.FinalizerOrphanDependents) + `)` +
		` : (!object.` + has(fedv1beta1.FinalizerPropagation) + ` && ` + strings.Join(federated(of), " && ") + `)`
}

// has is an expression for an object's having a finalizer.
func has(finalizer string) string {
	return fmt.Sprintf(`metadata.?finalizers.orValue([]).exists(f, f == %q)`, finalizer)
}

// patch is a JSON patch, which touches nothing else.
const patch = deleting + ` ? (` +
	`has(object.metadata.annotations)` +
	` ? [JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("` + fedv1beta1.AnnotationOrphan + `"), value: "true"}]` +
	` : [JSONPatch{op: "add", path: "/metadata/annotations", value: {"` + fedv1beta1.AnnotationOrphan + `": "true"}}]) : (` +
	`has(object.metadata.finalizers)` +
	` ? [JSONPatch{op: "add", path: "/metadata/finalizers/-", value: "` + fedv1beta1.FinalizerPropagation + `"}]` +
	` : [JSONPatch{op: "add", path: "/metadata/finalizers", value: ["` + fedv1beta1.FinalizerPropagation + `"]}])`
