package check

import (
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fedhelm/fedhelm/pkg/admission"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// policies are those of a federation of a few kinds, without the binding of one.
func policies(t *testing.T, list, without string) []runtime.Object {
	t.Helper()
	of, err := kinds.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	var objects []runtime.Object
	for _, o := range admission.Objects(of) {
		if b, ok := o.(*admissionv1.MutatingAdmissionPolicyBinding); !ok || b.Name != without {
			objects = append(objects, o)
		}
	}
	return objects
}

func TestFederationAPIHoldsOnToWhatIsFederated(t *testing.T) {
	const look = "logs deployment/fellowship-controller-manager --container=bootstrap"
	tests := []struct {
		name    string
		objects []runtime.Object
		want    expected
	}{
		{name: "it does", objects: policies(t, "namespaces,secrets", ""), want: expected{level: OK, text: "2 kinds and marked definitions"}},
		{name: "the policy is missing", want: expected{level: Failure, text: `no MutatingAdmissionPolicy "federation-propagation"`, mend: look}},
		{
			name: "the policy is not bound", objects: policies(t, "", admission.PolicyName),
			want: expected{level: Failure, text: `no MutatingAdmissionPolicyBinding "federation-propagation"`, mend: look},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := fellowship()
			target.API.Client = cluster("v1.36.3", nil, tt.objects...)
			tt.want.check(t, target.apiAdmission(t.Context()))
		})
	}
}

func TestRightsAreAskedForWhatIsFederated(t *testing.T) {
	record := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: admission.CustomKinds},
		Data:       map[string]string{"rings.middle.earth": "federated"},
	}
	without := func(resource string) *member {
		m := gondor(cluster("v1.36.3", func(s authorizationv1.SubjectAccessReviewSpec) bool {
			return s.ResourceAttributes == nil || s.ResourceAttributes.Resource != resource
		}))
		m.API.Client = cluster("v1.36.3", nil, append(policies(t, "namespaces,secrets", ""), record)...)
		return m
	}
	expected{level: OK}.check(t, without("deployments").memberRights(t.Context()))
	expected{level: Failure, text: "delete secrets", mend: "--refresh"}.check(t, without("secrets").memberRights(t.Context()))
	expected{level: Failure, text: "delete rings.middle.earth", mend: "--refresh"}.check(t, without("rings").memberRights(t.Context()))
}
