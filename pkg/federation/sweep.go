package federation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// collection is one kind of objects that Sweep looks at.
type collection struct {
	kind     string
	selector string
	prefix   string // of the names
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	delete   func(context.Context, string, metav1.DeleteOptions) error
}

// Sweep deletes what a Helm release leaves behind when its hooks failed or did not run: the Secrets that hooks and this
// program made, and the hooks' own Jobs, ServiceAccounts and access rules. What the chart made is Helm's to remove;
// the Secrets of members, and those that the user made, are nobody's.
func Sweep(ctx context.Context, client kubernetes.Interface, ref Ref) error {
	all := ref.leftovers(client)
	errs := make([]error, len(all))
	for i, c := range all {
		errs[i] = c.sweep(ctx)
	}
	return errors.Join(errs...)
}

func (r Ref) leftovers(client kubernetes.Interface) []collection {
	core, rbac := client.CoreV1(), client.RbacV1()
	made := r.selector() + "," + LabelManagedBy + " in (" + ManagedBy + "," + ManagedByHook + "),!" + fedv1beta1.LabelCluster
	// The labels do not tell apart what is cluster-scoped and belongs to namespaces of the same federation name.
	clusterScoped := "fedhelm:" + r.Namespace + ":" + r.Name + ":"
	return []collection{
		{"Secret", made, "", list(core.Secrets(r.Namespace).List), core.Secrets(r.Namespace).Delete},
		{"Job", r.selector(), "", list(client.BatchV1().Jobs(r.Namespace).List), client.BatchV1().Jobs(r.Namespace).Delete},
		{"ServiceAccount", r.selector(), "", list(core.ServiceAccounts(r.Namespace).List), core.ServiceAccounts(r.Namespace).Delete},
		{"RoleBinding", r.selector(), "", list(rbac.RoleBindings(r.Namespace).List), rbac.RoleBindings(r.Namespace).Delete},
		{"Role", r.selector(), "", list(rbac.Roles(r.Namespace).List), rbac.Roles(r.Namespace).Delete},
		{"ClusterRoleBinding", r.selector(), clusterScoped, list(rbac.ClusterRoleBindings().List), rbac.ClusterRoleBindings().Delete},
		{"ClusterRole", r.selector(), clusterScoped, list(rbac.ClusterRoles().List), rbac.ClusterRoles().Delete},
	}
}

// list forgets the type of a list.
func list[L runtime.Object](typed func(context.Context, metav1.ListOptions) (L, error)) func(context.Context, metav1.ListOptions) (runtime.Object, error) {
	return func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return typed(ctx, o) }
}

func (c collection) sweep(ctx context.Context) error {
	found, err := c.list(ctx, metav1.ListOptions{LabelSelector: c.selector})
	if apierrors.IsForbidden(err) && c.prefix != "" {
		return nil // who may not look at what is cluster-scoped did not make any of it
	}
	if err != nil {
		return fmt.Errorf("list the federation's %ss: %w", c.kind, err)
	}
	background := metav1.DeletePropagationBackground
	return meta.EachListItem(found, func(o runtime.Object) error {
		object, err := meta.Accessor(o)
		if err != nil || !strings.HasPrefix(object.GetName(), c.prefix) {
			return err
		}
		err = c.delete(ctx, object.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete %s %q: %w", c.kind, object.GetName(), err)
		}
		return nil
	})
}
