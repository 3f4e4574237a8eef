package join

import (
	"context"
	"errors"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1apply "k8s.io/client-go/applyconfigurations/rbac/v1"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// fieldManager owns the fields that this package applies.
const fieldManager = "fedhelm"

var apply = metav1.ApplyOptions{FieldManager: fieldManager, Force: true}

// secretFor is the Secret with the member's credentials.
func (r *joinRun) secretFor(data map[string][]byte) *corev1apply.SecretApplyConfiguration {
	return corev1apply.Secret(r.secretName, r.Federation.Namespace).
		WithLabels(r.Federation.MemberLabels(r.Name)).WithAnnotations(annotations(r.Federation.Ref, r.Name)).WithData(data)
}

// roleFor lets its holder use the one Secret: who may read all of the namespace's could read the keys of the federation's authorities.
func (r *joinRun) roleFor() *rbacv1apply.RoleApplyConfiguration {
	return rbacv1apply.Role(r.secretName, r.Federation.Namespace).
		WithLabels(r.Federation.MemberLabels(r.Name)).WithAnnotations(annotations(r.Federation.Ref, r.Name)).
		WithRules(rbacv1apply.PolicyRule().WithAPIGroups("").WithResources("secrets").WithResourceNames(r.secretName).
			WithVerbs("get", "list", "watch", "update", "patch"))
}

// bindingFor makes the controller manager its holder.
func (r *joinRun) bindingFor() *rbacv1apply.RoleBindingApplyConfiguration {
	return rbacv1apply.RoleBinding(r.secretName, r.Federation.Namespace).
		WithLabels(r.Federation.MemberLabels(r.Name)).WithAnnotations(annotations(r.Federation.Ref, r.Name)).
		WithRoleRef(rbacv1apply.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("Role").WithName(r.secretName)).
		WithSubjects(rbacv1apply.Subject().WithKind(rbacv1.ServiceAccountKind).WithName(r.Federation.ControllerManager()).WithNamespace(r.Federation.Namespace))
}

// annotations are federation v1's.
func annotations(ref federation.Ref, cluster string) map[string]string {
	return map[string]string{fedv1beta1.AnnotationV1FederationName: ref.Name, fedv1beta1.AnnotationV1ClusterName: cluster}
}

// applyAccess lets the controller manager read the Secret.
func (r *joinRun) applyAccess(ctx context.Context) error {
	access := r.Host.Client.RbacV1()
	if _, err := access.Roles(r.Federation.Namespace).Apply(ctx, r.roleFor(), apply); err != nil {
		return fmt.Errorf("apply Role %q in %s: %w", r.secretName, r.where(), err)
	}
	if _, err := access.RoleBindings(r.Federation.Namespace).Apply(ctx, r.bindingFor(), apply); err != nil {
		return fmt.Errorf("apply RoleBinding %q in %s: %w", r.secretName, r.where(), err)
	}
	return nil
}

// applySecret stores the credentials. A kubeconfig that was there goes first: two ways to reach the member would be one too many.
func (r *joinRun) applySecret(ctx context.Context, data map[string][]byte) error {
	secrets := r.Host.Client.CoreV1().Secrets(r.Federation.Namespace)
	if r.secret != nil && r.secret.Name == r.secretName && r.secret.Data[members.KubeconfigKey] != nil {
		without := fmt.Appendf(nil, `{"data":{%q:null}}`, members.KubeconfigKey)
		if _, err := secrets.Patch(ctx, r.secretName, types.MergePatchType, without, metav1.PatchOptions{FieldManager: fieldManager}); err != nil {
			return fmt.Errorf("take the kubeconfig out of Secret %q in %s: %w", r.secretName, r.where(), err)
		}
	}
	secret, err := secrets.Apply(ctx, r.secretFor(data), apply)
	if err != nil {
		return fmt.Errorf("apply Secret %q in %s: %w", r.secretName, r.where(), err)
	}
	r.secretVersion = secret.ResourceVersion
	return nil
}

// removeHost removes what the host cluster has for a member. What is not there is passed over.
func removeHost(ctx context.Context, client kubernetes.Interface, namespace, name string) error {
	options := metav1.DeleteOptions{}
	return errors.Join(
		ignoreNotFound(client.RbacV1().RoleBindings(namespace).Delete(ctx, name, options)),
		ignoreNotFound(client.RbacV1().Roles(namespace).Delete(ctx, name, options)),
		ignoreNotFound(client.CoreV1().Secrets(namespace).Delete(ctx, name, options)),
	)
}
