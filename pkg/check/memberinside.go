package check

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/version"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/preflight"
)

// before makes one of the checks that also precede join.
func (m *member) before(ctx context.Context, name string) error {
	return one(ctx, name, preflight.Standing(preflight.JoinOptions{
		Name: m.Name, Federation: m.Ref, UID: m.uid, Host: m.Host.side(), Member: m.way.side(), Names: true,
	}))
}

func (m *member) version(ctx context.Context) Outcome {
	if err := m.before(ctx, "member-version"); err != nil {
		return otherwise(err)
	}
	info, err := m.way.Client.Discovery().ServerVersion()
	if err != nil {
		return unseen(err, "ask the member for its version")
	}
	return judgeSkew(info.GitVersion, m.api)
}

// judgeSkew weighs a member's version against the federation API's, "" if that is not known.
func judgeSkew(have, api string) Outcome {
	member, memberErr := version.ParseGeneric(have)
	federation, apiErr := version.ParseGeneric(api)
	if memberErr == nil && apiErr == nil && member.WithPatch(0).GreaterThan(federation.WithPatch(0)) {
		return warning("upgrade the federation: fedhelm upgrade, with a fedhelm that is as new as the member",
			"it runs Kubernetes %s, newer than the federation API (%s), which does not know what is new there", have, api)
	}
	return ok("it runs Kubernetes %s (at least %s is needed)", have, preflight.MinMemberVersion)
}

// clock compares the member's with the one here and with the host cluster's, where its tokens and certificates are judged.
func (m *member) clock(ctx context.Context) Outcome {
	if err := m.before(ctx, "clocks"); err != nil {
		return otherwise(err)
	}
	return ok("the clocks of the member, the host cluster and this machine agree")
}

// serviceAccount looks at the one that the federation uses.
func (m *member) serviceAccount(ctx context.Context) Outcome {
	name := m.MemberRelease()
	account, err := m.way.Client.CoreV1().ServiceAccounts(m.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return failure(m.join("--refresh"), "ServiceAccount %q is not in namespace %q of the member", name, m.Namespace)
	case err != nil:
		return unseen(err, "read ServiceAccount %q in namespace %q of the member", name, m.Namespace)
	}
	if of := account.Annotations[fedv1beta1.AnnotationCluster]; of != m.Name {
		return failure(m.join("--refresh"), "ServiceAccount %q in namespace %q says that it is for member %q (annotation %s)", name, m.Namespace, of, fedv1beta1.AnnotationCluster)
	}
	uid := types.UID(account.Annotations[fedv1beta1.AnnotationFederationUID])
	if m.uid != "" && uid != m.uid {
		return failure(m.join("--refresh"),
			"ServiceAccount %q in namespace %q belongs to another federation (annotation %s is %q instead of %q)",
			name, m.Namespace, fedv1beta1.AnnotationFederationUID, uid, m.uid)
	}
	return ok("ServiceAccount %s in namespace %s is this federation's", name, m.Namespace)
}

// otherFederation looks for one of the same name, which would write over what this one does.
func (m *member) otherFederation(ctx context.Context) Outcome {
	if m.uid == "" {
		return skipped("the federation API was not asked who it is")
	}
	if err := m.before(ctx, "other-federation"); err != nil {
		return otherwise(err)
	}
	return ok("no other federation named %s uses the member", m.Target.Name)
}

// shadowing looks for a namespace that hides the federation's names, or is hidden by them.
func (m *member) shadowing(ctx context.Context) Outcome {
	if err := m.before(ctx, "namespace-names"); err != nil {
		return otherwise(err)
	}
	return ok("no namespace of the member is named like the federation")
}
