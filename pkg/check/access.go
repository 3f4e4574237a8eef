package check

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// serviceAccount is one whose rights are in question.
type serviceAccount struct{ namespace, name string }

// question is what it may or may not do: one of the two.
type question struct {
	resource *authorizationv1.ResourceAttributes
	path     *authorizationv1.NonResourceAttributes
}

// may asks the cluster's authorizers, whichever they are. Who asks needs the right to: administrators have it.
func (s serviceAccount) may(ctx context.Context, client kubernetes.Interface, q question) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:                  "system:serviceaccount:" + s.namespace + ":" + s.name,
		Groups:                []string{"system:serviceaccounts", "system:serviceaccounts:" + s.namespace, "system:authenticated"},
		ResourceAttributes:    q.resource,
		NonResourceAttributes: q.path,
	}}
	answer, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}
