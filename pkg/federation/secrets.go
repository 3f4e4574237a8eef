package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Kubeconfig is the administrator's kubeconfig that the publish hook left; nil when there is none yet.
func Kubeconfig(ctx context.Context, client kubernetes.Interface, ref Ref) ([]byte, error) {
	secret, err := client.CoreV1().Secrets(ref.Namespace).Get(ctx, ref.KubeconfigSecret(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %q in namespace %q: %w", ref.KubeconfigSecret(), ref.Namespace, err)
	}
	return secret.Data[KubeconfigKey], nil
}

// Authority is the certificate authority of the federation API, PEM, from the Secret that the publish hook works with; nil when
// there is none yet.
func Authority(ctx context.Context, client kubernetes.Interface, ref Ref) ([]byte, error) {
	name := ref.Name + "-admin-certs"
	secret, err := client.CoreV1().Secrets(ref.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %q in namespace %q: %w", name, ref.Namespace, err)
	}
	return secret.Data["ca.crt"], nil
}

// ApplySecret makes the Secret hold data, and labels it as ours. It is the same after every call with the same data.
func ApplySecret(ctx context.Context, client kubernetes.Interface, ref Ref, name, component string, data map[string][]byte) error {
	secret := applycorev1.Secret(name, ref.Namespace).WithLabels(ref.labels(component)).WithData(data)
	_, err := client.CoreV1().Secrets(ref.Namespace).Apply(ctx, secret, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	if err != nil {
		return fmt.Errorf("apply Secret %q in namespace %q: %w", name, ref.Namespace, err)
	}
	return nil
}

// ErrNotOurs is returned for an object that somebody else made.
var ErrNotOurs = errors.New("was not made by fedhelm")

// MayApplySecret tells whether ApplySecret would make the Secret or change one that it made: ErrNotOurs if it is somebody else's.
func MayApplySecret(ctx context.Context, client kubernetes.Interface, ref Ref, name string) error {
	secret, err := client.CoreV1().Secrets(ref.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read Secret %q in namespace %q: %w", name, ref.Namespace, err)
	}
	if secret.Labels[LabelManagedBy] != ManagedBy || secret.Labels[LabelInstance] != ref.Name {
		return fmt.Errorf("the Secret %q in namespace %q %w", name, ref.Namespace, ErrNotOurs)
	}
	return nil
}

// Members are the names of the clusters that are joined, sorted, by the Secrets with their credentials: the federation's
// own API need not answer.
func Members(ctx context.Context, client kubernetes.Interface, ref Ref) ([]string, error) {
	selector := labels.Set{fedv1beta1.LabelFederation: ref.Name}.String() + "," + fedv1beta1.LabelCluster
	secrets, err := client.CoreV1().Secrets(ref.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list the members' Secrets in namespace %q: %w", ref.Namespace, err)
	}
	var members []string
	for i := range secrets.Items {
		members = append(members, secrets.Items[i].Labels[fedv1beta1.LabelCluster])
	}
	slices.Sort(members)
	return slices.Compact(members), nil
}
