package preflight

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// name tells whether the name is free or this very cluster's, and whether the cluster is registered under another.
func (o JoinOptions) name(ctx context.Context) error {
	system, err := o.Member.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("ask the member who it is: %w", err)
	}
	registered, err := o.Clusters.List(ctx)
	if apierrors.IsNotFound(err) {
		return &Problem{
			Reason: "the federation API does not know the kind Cluster",
			WayOut: fmt.Sprintf("container bootstrap of its controller manager's pod defines it; look at it: kubectl --context=%s -n %s logs deployment/%s -c bootstrap",
				o.Host.Context, o.Federation.Namespace, o.Federation.ControllerManager()),
		}
	}
	if err != nil {
		return fmt.Errorf("list the Clusters of federation %q: %w", o.Federation.Name, err)
	}
	var errs []error
	for i := range registered.Items {
		c := &registered.Items[i]
		uid := ClusterUID(c)
		switch {
		case c.Name != o.Name && uid == string(system.UID):
			errs = append(errs, &Problem{
				Reason: fmt.Sprintf("the cluster of context %q is in the federation already, as %q", o.Member.Context, c.Name),
				WayOut: "use that name, or first run: fedhelm unjoin " + c.Name,
			})
		case c.Name == o.Name && uid != "" && uid != string(system.UID):
			errs = append(errs, &Problem{
				Reason: fmt.Sprintf("the name %q is that of another cluster (%s)", o.Name, address(c)),
				WayOut: fmt.Sprintf("choose another: fedhelm join OTHER --cluster-context=%s; or first run: fedhelm unjoin %s", o.Member.Context, o.Name),
			})
		case c.Name == o.Name && c.Annotations[fedv1beta1.AnnotationLeaving] != "":
			errs = append(errs, &Problem{
				Reason: fmt.Sprintf("member %q is on its way out of the federation", o.Name),
				WayOut: "let that come to its end: fedhelm unjoin " + o.Name,
			})
		}
	}
	return merge(errs)
}

// ClusterUID is the UID of the cluster that is registered, as the controller manager saw it, else as it was written down; "" when
// nobody has said yet.
func ClusterUID(c *fedv1beta1.Cluster) string {
	if c.Status.UID != "" {
		return string(c.Status.UID)
	}
	return c.Annotations[fedv1beta1.AnnotationClusterUID]
}

func address(c *fedv1beta1.Cluster) string {
	if len(c.Spec.ServerAddressByClientCIDRs) == 0 {
		return "without an address"
	}
	return c.Spec.ServerAddressByClientCIDRs[0].ServerAddress
}

// secret tells whether the name of the member's Secret is free, or the Secret this very member's; and so for the Role and the
// RoleBinding of that name, whose rules and subjects would be replaced.
func (o JoinOptions) secret(ctx context.Context) error {
	namespace, options := o.Federation.Namespace, metav1.GetOptions{}
	secret, err := o.Host.Client.CoreV1().Secrets(namespace).Get(ctx, o.Secret, options)
	ofSecret := o.taken("Secret", secret, err, false)
	role, err := o.Host.Client.RbacV1().Roles(namespace).Get(ctx, o.Secret, options)
	ofRole := o.taken("Role", role, err, err == nil && ForSecret(role, o.Secret))
	binding, err := o.Host.Client.RbacV1().RoleBindings(namespace).Get(ctx, o.Secret, options)
	ofBinding := o.taken("RoleBinding", binding, err, err == nil && o.bindsManager(binding))
	return merge([]error{ofSecret, ofRole, ofBinding})
}

// taken tells whether an object that goes by the name of the Secret is somebody else's. One that was written by hand for the member
// need not be labelled.
func (o JoinOptions) taken(kind string, found metav1.Object, err error, byHand bool) error {
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err) && kind != "Secret": // of what may not be read, the permissions tell
		return nil
	case err != nil:
		return err
	case byHand, IsMembers(found, o.Federation, o.Name):
		return nil
	}
	labels := found.GetLabels()
	owner := "something else"
	switch cluster := labels[fedv1beta1.LabelCluster]; {
	case cluster != "":
		owner = fmt.Sprintf("member %q of federation %q", cluster, labels[fedv1beta1.LabelFederation])
	case labels[federation.LabelPartOf] == federation.PartOf:
		owner = fmt.Sprintf("federation %q itself", labels[federation.LabelInstance])
	}
	return &Problem{
		Reason: fmt.Sprintf("the %s %q in namespace %q of host cluster %q belongs to %s", kind, o.Secret, o.Federation.Namespace, o.Host.Context, owner),
		WayOut: "choose another name with --secret-name",
	}
}

// ForSecret tells whether all that a Role grants is about this one Secret.
func ForSecret(role *rbacv1.Role, secret string) bool {
	return len(role.Rules) > 0 && !slices.ContainsFunc(role.Rules, func(rule rbacv1.PolicyRule) bool {
		return !slices.Equal(rule.Resources, []string{"secrets"}) || !slices.Equal(rule.ResourceNames, []string{secret})
	})
}

// bindsManager tells whether a RoleBinding gives the Role of the same name to the controller manager, and to nobody else.
func (o JoinOptions) bindsManager(b *rbacv1.RoleBinding) bool {
	return b.RoleRef.Kind == "Role" && b.RoleRef.Name == o.Secret &&
		!slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool {
			return s.Kind != rbacv1.ServiceAccountKind || s.Name != o.Federation.ControllerManager() || s.Namespace != o.Federation.Namespace
		})
}

// IsMembers tells whether an object of the host cluster is labelled for the member.
func IsMembers(o metav1.Object, ref federation.Ref, cluster string) bool {
	labels := o.GetLabels()
	return labels[fedv1beta1.LabelFederation] == ref.Name && labels[fedv1beta1.LabelCluster] == cluster
}
