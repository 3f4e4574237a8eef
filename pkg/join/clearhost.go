package join

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/preflight"
)

// clearHost removes what the host cluster has for the member: the right to read its Secret, then the Secret. They are known by
// their labels; a Role that somebody wrote for that one Secret goes too, though it may have none.
func (u *unjoinRun) clearHost(ctx context.Context) error {
	step := u.Progress.Start("Removing the credentials for " + u.Name + " from " + u.Host.Context)
	defer step.Fail()
	secrets, err := u.memberSecrets(ctx)
	if err != nil {
		return err
	}
	if err := u.removeRights(ctx, secrets); err != nil {
		return err
	}
	namespace := u.Federation.Namespace
	for _, name := range secrets {
		err := u.do(InHost, "Secret "+namespace+"/"+name, "deleted", func() error {
			return ignoreNotFound(u.Host.Client.CoreV1().Secrets(namespace).Delete(ctx, name, metav1.DeleteOptions{}))
		})
		if err != nil {
			return fmt.Errorf("delete Secret %q in %s: %w", name, u.in(InHost), err)
		}
	}
	step.Done()
	return nil
}

func (u *unjoinRun) ofMember() metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labels.Set{fedv1beta1.LabelFederation: u.Federation.Name, fedv1beta1.LabelCluster: u.Name}.String()}
}

// memberSecrets are the Secrets that are labelled for this very member.
func (u *unjoinRun) memberSecrets(ctx context.Context) ([]string, error) {
	secrets, err := u.Host.Client.CoreV1().Secrets(u.Federation.Namespace).List(ctx, u.ofMember())
	if err != nil {
		return nil, fmt.Errorf("list the Secrets of member %q in %s: %w", u.Name, u.in(InHost), err)
	}
	names := make([]string, len(secrets.Items))
	for i := range secrets.Items {
		names[i] = secrets.Items[i].Name
	}
	return names, nil
}

// removeRights removes the RoleBindings and Roles by which the controller manager reads these Secrets.
func (u *unjoinRun) removeRights(ctx context.Context, secrets []string) error {
	namespace := u.Federation.Namespace
	roles, bindings := u.Host.Client.RbacV1().Roles(namespace), u.Host.Client.RbacV1().RoleBindings(namespace)
	labelled, err := roles.List(ctx, u.ofMember())
	if err != nil {
		return fmt.Errorf("list the Roles of member %q in %s: %w", u.Name, u.in(InHost), err)
	}
	bound, err := bindings.List(ctx, u.ofMember())
	if err != nil {
		return fmt.Errorf("list the RoleBindings of member %q in %s: %w", u.Name, u.in(InHost), err)
	}
	var roleNames, bindingNames []string
	for i := range labelled.Items {
		roleNames = append(roleNames, labelled.Items[i].Name)
	}
	for i := range bound.Items {
		bindingNames = append(bindingNames, bound.Items[i].Name)
	}
	for _, secret := range secrets {
		role, err := roles.Get(ctx, secret, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && !preflight.ForSecret(role, secret) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read Role %q in %s: %w", secret, u.in(InHost), err)
		}
		roleNames = append(roleNames, secret)
		binding, err := bindings.Get(ctx, secret, metav1.GetOptions{})
		if err == nil && binding.RoleRef.Kind == "Role" && binding.RoleRef.Name == secret {
			bindingNames = append(bindingNames, secret)
		} else if ignoreNotFound(err) != nil {
			return fmt.Errorf("read RoleBinding %q in %s: %w", secret, u.in(InHost), err)
		}
	}
	return u.deleteRights(ctx, unique(bindingNames), unique(roleNames))
}

func (u *unjoinRun) deleteRights(ctx context.Context, bindings, roles []string) error {
	namespace, rbac := u.Federation.Namespace, u.Host.Client.RbacV1()
	for _, name := range bindings {
		err := u.do(InHost, "RoleBinding "+namespace+"/"+name, "deleted", func() error {
			return ignoreNotFound(rbac.RoleBindings(namespace).Delete(ctx, name, metav1.DeleteOptions{}))
		})
		if err != nil {
			return fmt.Errorf("delete RoleBinding %q in %s: %w", name, u.in(InHost), err)
		}
	}
	for _, name := range roles {
		err := u.do(InHost, "Role "+namespace+"/"+name, "deleted", func() error {
			return ignoreNotFound(rbac.Roles(namespace).Delete(ctx, name, metav1.DeleteOptions{}))
		})
		if err != nil {
			return fmt.Errorf("delete Role %q in %s: %w", name, u.in(InHost), err)
		}
	}
	return nil
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
