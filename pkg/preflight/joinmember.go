package preflight

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/version"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// Versions of Kubernetes that a member may run. The oldest has all that membership stands on (TokenRequest, EndpointSlices, server-side
// apply, policy/v1) in its final form, and the chart's kubeVersion says the same; the newest is the one that this was tried with.
const (
	MinMemberVersion   = "1.25"
	TriedMemberVersion = "1.36"
)

func (o JoinOptions) memberVersion(context.Context) error {
	info, err := o.Member.Client.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	have, err := version.ParseGeneric(info.GitVersion)
	if err != nil {
		return fmt.Errorf("version of the member cluster: %w", err)
	}
	tried := version.MustParseGeneric(TriedMemberVersion)
	switch {
	case have.LessThan(version.MustParseGeneric(MinMemberVersion)):
		return &Problem{
			Reason: fmt.Sprintf("the member cluster runs Kubernetes %s, the oldest supported is %s", info.GitVersion, MinMemberVersion),
			WayOut: "upgrade it first",
		}
	case have.Major() > tried.Major(), have.Major() == tried.Major() && have.Minor() > tried.Minor():
		return &Problem{
			Reason:  fmt.Sprintf("the member cluster runs Kubernetes %s, the newest that this fedhelm was tried with is %s", info.GitVersion, TriedMemberVersion),
			WayOut:  "a newer fedhelm may know more of it",
			Warning: true,
		}
	}
	return nil
}

// otherFederation looks for the ServiceAccount of another federation of the same name: their objects and their DNS names would be the
// same, in whatever namespace they are.
func (o JoinOptions) otherFederation(ctx context.Context) error {
	name := o.Federation.MemberRelease()
	accounts, err := o.Member.Client.CoreV1().ServiceAccounts(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String(),
	})
	if apierrors.IsForbidden(err) { // then the member's namespace alone can be looked at
		accounts = &corev1.ServiceAccountList{}
		one, getErr := o.Member.Client.CoreV1().ServiceAccounts(o.Federation.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err = getErr; err == nil {
			accounts.Items = append(accounts.Items, *one)
		} else if apierrors.IsNotFound(err) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	var errs []error
	for i := range accounts.Items {
		found := &accounts.Items[i]
		uid, known := found.Annotations[fedv1beta1.AnnotationFederationUID]
		if found.Name != name || !known || uid == string(o.UID) {
			continue
		}
		errs = append(errs, &Problem{
			Reason: fmt.Sprintf("the cluster is a member of another federation named %q: ServiceAccount %q in namespace %q belongs to the federation with UID %s, and this one has %s",
				o.Federation.Name, name, found.Namespace, uid, o.UID),
			WayOut: fmt.Sprintf("take it out of that one first (fedhelm unjoin); if that is gone for good: helm --kube-context=%s --namespace=%s uninstall %s",
				o.Member.Context, found.Namespace, name),
		})
	}
	return merge(errs)
}

// shadow looks for a namespace that the federation's names would hide from the member's pods.
func (o JoinOptions) shadow(ctx context.Context) error {
	if !o.Names {
		return nil
	}
	found, err := o.Member.Client.CoreV1().Namespaces().Get(ctx, o.Federation.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if found.Name == o.Federation.Namespace && found.Labels[federation.LabelManagedBy] == federation.ManagedBy {
		return nil // we made it, and what we put there is not asked for by name
	}
	return &Problem{
		Reason: fmt.Sprintf("the member has a namespace %q, named like the federation: SERVICE.%s would no longer lead to the Services in it", o.Federation.Name, o.Federation.Name),
		WayOut: "leave the member's DNS alone with --cluster-dns=none, or rename the namespace",
	}
}
