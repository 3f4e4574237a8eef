package join

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

// Annotations by which Helm knows what is of a release.
const (
	helmRelease   = "meta.helm.sh/release-name"
	helmNamespace = "meta.helm.sh/release-namespace"
)

// sweep removes what a release leaves that was lost with its namespace: that part which is in no namespace.
func (u *unjoinRun) sweep(ctx context.Context) error {
	rbac := u.Member.Client.RbacV1()
	selected := metav1.ListOptions{LabelSelector: labels.Set{
		federation.LabelName: memberChart, federation.LabelInstance: u.Federation.MemberRelease(),
	}.String()}
	bindings, err := rbac.ClusterRoleBindings().List(ctx, selected)
	if err != nil {
		return fmt.Errorf("list the ClusterRoleBindings of member %q: %w", u.Name, err)
	}
	for i := range bindings.Items {
		err := u.sweepOne(&bindings.Items[i].ObjectMeta, "ClusterRoleBinding", func(name string) error {
			return rbac.ClusterRoleBindings().Delete(ctx, name, metav1.DeleteOptions{})
		})
		if err != nil {
			return err
		}
	}
	roles, err := rbac.ClusterRoles().List(ctx, selected)
	if err != nil {
		return fmt.Errorf("list the ClusterRoles of member %q: %w", u.Name, err)
	}
	for i := range roles.Items {
		err := u.sweepOne(&roles.Items[i].ObjectMeta, "ClusterRole", func(name string) error {
			return rbac.ClusterRoles().Delete(ctx, name, metav1.DeleteOptions{})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepOne deletes an object if Helm made it for our release.
func (u *unjoinRun) sweepOne(o *metav1.ObjectMeta, kind string, remove func(name string) error) error {
	if !strings.HasPrefix(o.Name, strings.TrimSuffix(u.Federation.MemberClusterRole(), "member")) ||
		o.Annotations[helmRelease] != u.Federation.MemberRelease() || o.Annotations[helmNamespace] != u.Federation.Namespace {
		return nil
	}
	err := u.do(InMember, kind+" "+o.Name, "deleted", func() error { return ignoreNotFound(remove(o.Name)) })
	if err != nil {
		return fmt.Errorf("delete %s %q of member %q: %w", kind, o.Name, u.Name, err)
	}
	return nil
}
