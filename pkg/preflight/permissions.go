package preflight

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// right is what one access review asks for.
type right struct {
	group, resource string // perhaps with a subresource, such as pods/portforward
	verbs           []string
}

var (
	everything = right{"*", "*", []string{"*"}}

	// inNamespace is what Helm does with the release and its own record, which is a Secret.
	inNamespace = []right{
		{"", "secrets", []string{"get", "list", "create", "update", "delete"}},
		{"", "services", []string{"create"}},
		{"", "serviceaccounts", []string{"create"}},
		{"apps", "deployments", []string{"create"}},
		{"apps", "statefulsets", []string{"create"}},
		{"batch", "jobs", []string{"create", "watch", "delete"}},
		{"batch", "cronjobs", []string{"create"}},
		{"policy", "poddisruptionbudgets", []string{"create"}},
		{"rbac.authorization.k8s.io", "roles", []string{"create"}},
		{"rbac.authorization.k8s.io", "rolebindings", []string{"create"}},
	}
	clusterWide = []right{
		{"rbac.authorization.k8s.io", "clusterroles", []string{"create"}},
		{"rbac.authorization.k8s.io", "clusterrolebindings", []string{"create"}},
	}
	makeNamespace = right{"", "namespaces", []string{"create"}}
)

func (o InitOptions) permissions(ctx context.Context) error {
	needed := clusterWide
	if !o.ClusterRoles {
		needed = nil
	}
	_, err := o.Client.CoreV1().Namespaces().Get(ctx, o.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		needed = append([]right{makeNamespace}, needed...)
	}
	missing, err := o.host().missing(ctx, "", needed)
	if err != nil {
		return err
	}
	inside, err := o.host().missing(ctx, o.Namespace, inNamespace)
	if err != nil {
		return err
	}
	if len(inside) > 0 {
		missing = append(missing, strings.Join(inside, ", ")+" in namespace "+o.Namespace)
	}
	if len(missing) == 0 {
		return nil
	}
	return &Problem{
		Reason: fmt.Sprintf("the user of context %q may not %s", o.Context, strings.Join(missing, ", ")),
		WayOut: fmt.Sprintf("ask the administrator for these rights, or choose another --host-cluster-context; "+
			"to see what is allowed: kubectl --context=%s auth can-i --list --namespace=%s", o.Context, o.Namespace),
	}
}

// missing returns what of the rights the user does not have, such as "create jobs.batch". A namespace of "" is the whole cluster.
func (t target) missing(ctx context.Context, namespace string, rights []right) ([]string, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	// Most who install are administrators: then one question is enough.
	if ok, err := t.may(ctx, namespace, everything, "*"); ok || err != nil {
		return nil, err
	}
	var missing []string
	for _, r := range rights {
		var verbs []string
		for _, verb := range r.verbs {
			ok, err := t.may(ctx, namespace, r, verb)
			if err != nil {
				return nil, err
			}
			if !ok {
				verbs = append(verbs, verb)
			}
		}
		if len(verbs) > 0 {
			name := r.resource
			if r.group != "" {
				name += "." + r.group
			}
			missing = append(missing, strings.Join(verbs, "/")+" "+name)
		}
	}
	return missing, nil
}

func (t target) may(ctx context.Context, namespace string, r right, verb string) (bool, error) {
	resource, subresource, _ := strings.Cut(r.resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Group: r.group, Resource: resource, Subresource: subresource, Verb: verb,
		},
	}}
	answer, err := t.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask whether %s %s is allowed: %w", verb, r.resource, err)
	}
	return answer.Status.Allowed, nil
}
