package check

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

func (m *member) registered(context.Context) Outcome {
	switch m.State(m.asked) {
	case roster.Unknown:
		return skipped("the federation API was not asked")
	case roster.HalfJoined:
		return failure(m.join()+"  # goes on with it; to take it back: "+m.unjoin(),
			"half joined: the host cluster has Secret %q for it, and the federation API has no Cluster %q", m.secretName(), m.Name)
	case roster.Leaving:
		return warning(m.unjoin()+"  # goes on with it",
			"it is leaving the federation: Cluster %q is annotated %s", m.Name, fedv1beta1.AnnotationLeaving)
	case roster.Joining:
		return warning(m.managerLog(),
			"Cluster %q is there, and the controller manager has not looked at it yet", m.Name)
	default:
		return ok("the federation API has Cluster %s, at %s", m.Name, m.Cluster.Spec.ServerAddressByClientCIDRs[0].ServerAddress)
	}
}

func (m *member) secret(ctx context.Context) Outcome {
	name := m.secretName()
	if name == "" {
		if m.Cluster == nil {
			return skipped("the host cluster has no Secret for it")
		}
		return failure(m.join("--refresh"), "Cluster %q names no Secret with credentials (spec.secretRef)", m.Name)
	}
	secret, err := m.Host.Client.CoreV1().Secrets(m.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return failure(m.join("--refresh"), "Secret %q, which Cluster %q names, is not in namespace %q", name, m.Name, m.Namespace)
	case err != nil:
		return unseen(err, "read Secret %q in namespace %q", name, m.Namespace)
	}
	if secret.Labels[fedv1beta1.LabelFederation] != m.Target.Name || secret.Labels[fedv1beta1.LabelCluster] != m.Name {
		return failure(fmt.Sprintf("%s label --overwrite secret %s %s=%s %s=%s  # if it is meant for this member", m.kubectl(), name,
			fedv1beta1.LabelFederation, m.Target.Name, fedv1beta1.LabelCluster, m.Name),
			"Secret %q is not labelled for this federation and this member, so it is not used", name)
	}
	if _, err := members.ReadCredential(secret); err != nil {
		return failure(m.join("--refresh"), "Secret %q holds no credential: %s", name, oneLine(err))
	}
	for _, other := range m.Secrets {
		if other.Name != name {
			return warning(fmt.Sprintf("%s delete secret %s", m.kubectl(), other.Name),
				"Secret %q is labelled for it too, but Cluster %q names %q", other.Name, m.Name, name)
		}
	}
	return ok("Secret %s is there and labelled for it", name)
}

// hostRights asks the host cluster whether the controller manager may use the Secret, by whatever Role it may.
func (m *member) hostRights(ctx context.Context) Outcome {
	name := m.secretName()
	who := serviceAccount{m.Namespace, m.ControllerManager()}
	var missing []string
	for _, verb := range []string{"get", "list", "watch", "update", "patch"} {
		may, err := who.may(ctx, m.Host.Client, question{resource: &authorizationv1.ResourceAttributes{
			Namespace: m.Namespace, Verb: verb, Resource: "secrets", Name: name,
		}})
		switch {
		case apierrors.IsForbidden(err):
			return skipped("the user of context %q may not ask the host cluster what others may do", m.Host.Context)
		case err != nil:
			return unseen(err, "ask the host cluster what ServiceAccount %q may do", who.name)
		case !may:
			missing = append(missing, verb)
		}
	}
	if len(missing) > 0 {
		return failure(m.join("--refresh"), "ServiceAccount %q in namespace %q may not %s Secret %q: its Role or RoleBinding, named as the Secret, is missing or changed",
			who.name, m.Namespace, strings.Join(missing, ", "), name)
	}
	return ok("the controller manager may read and renew Secret %s", name)
}
