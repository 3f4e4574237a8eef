package preflight

import (
	"context"
	"fmt"

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
			WayOut: fmt.Sprintf("its controller manager defines it when it starts; look at it: kubectl --context=%s -n %s logs deployment/%s -c bootstrap",
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

// secret tells whether the name of the member's Secret is free, or the Secret this very member's.
func (o JoinOptions) secret(ctx context.Context) error {
	found, err := o.Host.Client.CoreV1().Secrets(o.Federation.Namespace).Get(ctx, o.Secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if IsMembers(found, o.Federation, o.Name) {
		return nil
	}
	of, cluster := found.Labels[fedv1beta1.LabelFederation], found.Labels[fedv1beta1.LabelCluster]
	owner := "something else"
	switch {
	case cluster != "":
		owner = fmt.Sprintf("member %q of federation %q", cluster, of)
	case found.Labels[federation.LabelPartOf] == federation.PartOf:
		owner = fmt.Sprintf("federation %q itself", found.Labels[federation.LabelInstance])
	}
	return &Problem{
		Reason: fmt.Sprintf("the Secret %q in namespace %q of host cluster %q belongs to %s", o.Secret, o.Federation.Namespace, o.Host.Context, owner),
		WayOut: "choose another name with --secret-name",
	}
}

// IsMembers tells whether an object of the host cluster is labelled for the member.
func IsMembers(o metav1.Object, ref federation.Ref, cluster string) bool {
	labels := o.GetLabels()
	return labels[fedv1beta1.LabelFederation] == ref.Name && labels[fedv1beta1.LabelCluster] == cluster
}
