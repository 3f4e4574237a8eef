package check

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/admission"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// apiAdmission looks for the policy that puts the finalizer on what is federated. Without it each object takes a write more, and that a
// deletion is to leave copies where they are can go unnoticed.
func (t *Target) apiAdmission(ctx context.Context) Outcome {
	api := t.API.Client.AdmissionregistrationV1()
	policy, err := api.MutatingAdmissionPolicies().Get(ctx, admission.PolicyName, metav1.GetOptions{})
	what := "MutatingAdmissionPolicy"
	if err == nil {
		_, err = api.MutatingAdmissionPolicyBindings().Get(ctx, admission.PolicyName, metav1.GetOptions{})
		what += "Binding"
	}
	switch {
	case apierrors.IsNotFound(err):
		return failure(fmt.Sprintf("%s logs deployment/%s --container=bootstrap", t.kubectl(), t.ControllerManager()),
			"it has no %s %q, which container bootstrap of the controller manager makes within a minute", what, admission.PolicyName)
	case err != nil:
		return unseen(err, "read %s %q", what, admission.PolicyName)
	}
	return ok("it holds on to what is federated: %d kinds and marked definitions", len(admission.KindsOf(policy)))
}

// federated are the kinds whose rights a member is asked for: those that the federation API says, or all that can be, if it does not.
func (t *Target) federated(ctx context.Context) []kinds.Kind {
	if t.Unusable != nil {
		return kinds.Default()
	}
	policy, err := t.API.Client.AdmissionregistrationV1().MutatingAdmissionPolicies().Get(ctx, admission.PolicyName, metav1.GetOptions{})
	if err != nil {
		return kinds.Default() // another check says so
	}
	federated := admission.KindsOf(policy)
	record, err := t.API.Client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, admission.CustomKinds, metav1.GetOptions{})
	if err == nil {
		federated = append(federated, admission.CustomKindsOf(record.Data)...)
	}
	return federated
}
