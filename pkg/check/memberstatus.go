package check

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/duration"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// credential puts together what the controller manager says of the credential and what the credential says of itself.
func (m *member) credential(ctx context.Context) Outcome {
	secret, err := m.Host.Client.CoreV1().Secrets(m.Namespace).Get(ctx, m.secretName(), metav1.GetOptions{})
	if err != nil {
		return unseen(err, "read Secret %q in namespace %q", m.secretName(), m.Namespace)
	}
	credential, err := members.ReadCredential(secret)
	if err != nil {
		return failure(m.join("--refresh"), "Secret %q holds no credential: %s", secret.Name, oneLine(err))
	}
	if o := m.credentialCondition(); o.Level != OK {
		return o
	}
	if tried := m.clusterStatus().Credential; tried != nil && tried.SecretVersion != secret.ResourceVersion {
		return warning(m.managerLog()+"  # if it stays so for more than some seconds",
			"the controller manager has not yet tried what is in Secret %q now", secret.Name)
	}
	return m.tokenLife(credential, time.Now())
}

// credentialCondition is what the controller manager found.
func (m *member) credentialCondition() Outcome {
	c := m.Condition(fedv1beta1.ClusterCredentialValid)
	switch {
	case c == nil:
		return warning(m.managerLog(), "the controller manager has not said yet whether it can be used")
	case c.Status == metav1.ConditionTrue && c.Reason == fedv1beta1.ReasonRenewalFailed:
		return warning(m.join("--refresh"), "it can be used still, but it is not renewed: %s", c.Message)
	case c.Status == metav1.ConditionTrue:
		return ok("%s", c.Message)
	case c.Status == metav1.ConditionUnknown:
		return warning(m.managerLog(), "%s: %s", c.Reason, c.Message)
	default:
		return failure(m.join("--refresh"), "%s: %s", c.Reason, c.Message)
	}
}

// tokenLife judges what is left of it: the controller manager renews it when half is over.
func (m *member) tokenLife(c members.Credential, now time.Time) Outcome {
	expires := c.Expires()
	if expires.IsZero() {
		return ok("it can be used, and does not say until when")
	}
	left := expires.Sub(now)
	if left <= 0 {
		return failure(m.join("--refresh"), "it expired %s ago", duration.HumanDuration(-left))
	}
	claims, err := members.ParseClaims(c.Token)
	if err != nil || claims.HalfLife().IsZero() {
		return ok("it is valid for %s", duration.HumanDuration(left))
	}
	if remainingLife(claims.IssuedAt, claims.Expires, now) == lifeEnding {
		return warning(m.join("--refresh")+"  # renews it from here; to see why it was not: "+m.managerLog(),
			"it expires in %s, and should have been renewed %s ago", duration.HumanDuration(left), duration.HumanDuration(now.Sub(claims.HalfLife())))
	}
	return ok("it is valid for %s, and renewed when half of its life is over", duration.HumanDuration(left))
}

// reachable is whether the member answers the controller manager, inside the host cluster.
func (m *member) reachable(context.Context) Outcome {
	c := m.Condition(fedv1beta1.ClusterOffline)
	switch {
	case c == nil || c.Status == metav1.ConditionUnknown:
		return warning(m.managerLog(), "the controller manager has not tried to reach it%s", because(c))
	case c.Status == metav1.ConditionTrue:
		return failure(m.join("--refresh", "--cluster-endpoint=https://HOST:PORT")+"  # if it runs, and has another address for the host cluster",
			"the host cluster cannot reach it since %s: %s", since(c), c.Message)
	default:
		return ok("the host cluster reaches it")
	}
}

func (m *member) ready(context.Context) Outcome {
	c := m.Condition(fedv1beta1.ClusterReady)
	switch {
	case c == nil:
		return warning(m.managerLog(), "the controller manager has not said yet whether it is ready")
	case c.Status == metav1.ConditionTrue:
		return ok("it is ready since %s", since(c))
	case c.Reason == fedv1beta1.ReasonCredentialForbidden || c.Reason == fedv1beta1.ReasonCredentialRejected:
		return failure(m.join("--refresh"), "it is not ready since %s: %s: %s", since(c), c.Reason, c.Message)
	default:
		return failure(m.memberKubectl()+" get --raw='/readyz?verbose'", "it is not ready since %s: %s: %s", since(c), c.Reason, c.Message)
	}
}

func since(c *metav1.Condition) string {
	return c.LastTransitionTime.UTC().Format("2006-01-02 15:04:05 UTC")
}

func because(c *metav1.Condition) string {
	if c == nil || c.Message == "" {
		return ""
	}
	return ": " + c.Message
}

// oneLine is for an error that may be several.
func oneLine(err error) string { return inOneLine(err.Error()) }

func inOneLine(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ") }

// context makes sure that what the operator reaches is this member.
func (m *member) context(ctx context.Context) Outcome {
	if m.way == nil {
		return skipped("%v", m.noWay)
	}
	wrong := func(mend, format string, args ...any) Outcome {
		o := failure(mend, format, args...)
		if !m.way.Chosen {
			o.Level = Skipped // a context that only happens to have the name
		}
		return o
	}
	const choose = "name the right one with --cluster-context, and --cluster-kubeconfig"
	system, err := m.way.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return wrong(choose, "context %q does not lead into the member: %v", m.way.Context, err)
	}
	if err != nil {
		return wrong(choose, "the member cannot be reached from here by context %q: %s", m.way.Context, brief(err))
	}
	known := m.clusterStatus().UID
	if m.Cluster != nil && known == "" {
		known = types.UID(m.Cluster.Annotations[fedv1beta1.AnnotationClusterUID])
	}
	if known != "" && known != system.UID {
		return wrong(choose, "context %q leads to another cluster than the one that joined (UID %s instead of %s)", m.way.Context, system.UID, known)
	}
	return ok("context %s leads to it, at %s", m.way.Context, m.way.URL)
}
