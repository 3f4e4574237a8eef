package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// right is what one access review asks for.
type right struct {
	group, resource string // perhaps with a subresource, such as pods/portforward
	verbs           []string
	names           []string // of the objects; none: all of them
}

var (
	everything = right{group: "*", resource: "*", verbs: []string{"*"}}

	// inNamespace is what is needed whatever the release is made of: for Helm's own record, which is a Secret, for the lock, and to see
	// how the control plane comes up.
	inNamespace = []right{
		{group: "", resource: "secrets", verbs: []string{"get", "list", "create", "update", "delete"}},
		{group: "", resource: "pods", verbs: []string{"list", "watch"}},
		{group: "apps", resource: "deployments", verbs: []string{"list", "watch"}},
		{group: "apps", resource: "statefulsets", verbs: []string{"get", "list", "watch"}},
		{group: "coordination.k8s.io", resource: "leases", verbs: []string{"get", "create", "update"}},
	}
	makeNamespace = right{group: "", resource: "namespaces", verbs: []string{"create"}}
)

func (o InitOptions) permissions(ctx context.Context) error {
	inside, wide, err := demands(o.Manifests)
	if err != nil {
		return err
	}
	for _, r := range inNamespace {
		inside.makes = merged(inside.makes, r)
	}
	_, err = o.Client.CoreV1().Namespaces().Get(ctx, o.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		wide.makes = append([]right{makeNamespace}, wide.makes...)
	}
	missing, err := o.host().lacking(ctx, "", "clusterroles", wide)
	if err != nil {
		return err
	}
	lacking, err := o.host().lacking(ctx, o.Namespace, "roles", inside)
	if err != nil {
		return err
	}
	if len(lacking) > 0 {
		missing = append(missing, strings.Join(lacking, ", ")+" in namespace "+o.Namespace)
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

// lacking returns what of a demand the user may not do. Who may escalate and bind Roles, or ClusterRoles, gives rights that he does not have.
func (t target) lacking(ctx context.Context, namespace, roles string, d demand) ([]string, error) {
	if len(d.makes) == 0 {
		return nil, nil
	}
	if ok, err := t.may(ctx, namespace, everything, "*", ""); ok || err != nil {
		return nil, err
	}
	missing, err := t.denied(ctx, namespace, d.makes)
	gives := beyond(d.gives, d.makes)
	if err != nil || len(gives) == 0 {
		return missing, err
	}
	unable, err := t.denied(ctx, namespace, []right{{group: rbac, resource: roles, verbs: []string{"escalate", "bind"}}})
	if err != nil || len(unable) == 0 {
		return missing, err
	}
	given, err := t.denied(ctx, namespace, gives)
	return slices.Compact(append(missing, given...)), err
}

// missing returns what of the rights the user does not have, such as "create jobs.batch". A namespace of "" is the whole cluster.
func (t target) missing(ctx context.Context, namespace string, rights []right) ([]string, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	// Most who install are administrators: then one question is enough.
	if ok, err := t.may(ctx, namespace, everything, "*", ""); ok || err != nil {
		return nil, err
	}
	return t.denied(ctx, namespace, rights)
}

// denied is missing for somebody who is no administrator.
func (t target) denied(ctx context.Context, namespace string, rights []right) ([]string, error) {
	var missing []string
	for _, r := range rights {
		var verbs []string
		for _, verb := range r.verbs {
			ok, err := t.mayAll(ctx, namespace, r, verb)
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

// mayAll asks for each name only where not all objects are allowed.
func (t target) mayAll(ctx context.Context, namespace string, r right, verb string) (bool, error) {
	ok, err := t.may(ctx, namespace, r, verb, "")
	if ok || err != nil || len(r.names) == 0 {
		return ok, err
	}
	for _, name := range r.names {
		if ok, err := t.may(ctx, namespace, r, verb, name); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (t target) may(ctx context.Context, namespace string, r right, verb, name string) (bool, error) {
	resource, subresource, _ := strings.Cut(r.resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Group: r.group, Resource: resource, Subresource: subresource, Verb: verb, Name: name,
		},
	}}
	answer, err := t.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask whether %s %s is allowed: %w", verb, r.resource, err)
	}
	return answer.Status.Allowed, nil
}
