package check

import (
	"context"
	"errors"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// dnsLimit is longer than for others: each of the DNS servers' pods is asked, through the member's API server.
const dnsLimit = 30 * time.Second

// dns looks whether the member's pods find the federation's names: what its DNS was told, and what it answers.
func (m *member) dns(ctx context.Context) Outcome {
	switch {
	case m.zone == "":
		return skipped("the federation has no DNS zone, so it has no names")
	case m.uid == "":
		return skipped("the federation API was not asked who it is, so no answer could be told from another's")
	case m.way.Ask == nil:
		return skipped("there is no way to ask the member's DNS")
	}
	found, err := memberdns.Check(ctx, memberdns.Options{
		Client: m.way.Client, Ask: m.way.Ask, Timeout: dnsLimit,
		Federation: memberdns.Federation{Namespace: m.Namespace, Name: m.Target.Name, UID: m.uid, Zone: m.zone},
	})
	if err == nil && found.State == memberdns.InPlace && found.Err != nil && !m.mayForward(ctx) {
		return skipped("the user of context %q may not ask the member's DNS (create pods/portforward in namespace kube-system); what it was told is right", m.way.Context)
	}
	if err == nil && found.Server.Kind == memberdns.CoreDNS && found.State == memberdns.Missing && !m.hasResolver(ctx) {
		o := skipped("its DNS was left alone (--cluster-dns=none): its pods do not find the federation's names")
		o.Mend = m.join("--cluster-dns=auto") + "  # if they are to"
		return o
	}
	return m.judgeDNS(found, err)
}

// hasResolver tells whether the member was to find the names: join makes the resolver for that alone.
func (m *member) hasResolver(ctx context.Context) bool {
	_, err := m.way.Client.CoreV1().Services(m.Namespace).Get(ctx, m.Resolver(), metav1.GetOptions{})
	return !apierrors.IsNotFound(err)
}

// mayForward tells whether the user may ask pods of the member's DNS through its API server. When in doubt, yes.
func (m *member) mayForward(ctx context.Context) bool {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: metav1.NamespaceSystem, Verb: "create", Resource: "pods", Subresource: "portforward",
		},
	}}
	answer, err := m.way.Client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	return err != nil || answer.Status.Allowed
}

func (m *member) judgeDNS(found memberdns.Report, err error) Outcome {
	mend := m.join("--cluster-dns=auto")
	switch {
	case errors.Is(err, memberdns.ErrByHand):
		return warning("do by hand what it says", "%s", oneLine(err))
	case err != nil:
		return unseen(err, "look at the member's DNS")
	case found.Server.Kind == memberdns.None:
		return skipped("its pods do not find the federation's names: %s", found.Server.Reason)
	case found.State == memberdns.Missing && found.Server.Kind == memberdns.CoreDNS: // and there is a resolver
		return failure(mend, "its DNS has lost the federation, for which it runs a resolver: %s", inOneLine(found.Why))
	case found.State == memberdns.Missing:
		return warning(mend+"  # unless they are not to (--cluster-dns=none)", "its pods do not find the federation's names: %s", inOneLine(found.Why))
	case found.State == memberdns.Differs:
		return failure(mend, "%s", inOneLine(found.Why))
	case found.Err != nil:
		return failure(m.memberKubectl()+" --namespace=kube-system get pods --selector=k8s-app=kube-dns; "+m.memberKubectl()+" --namespace="+m.Namespace+" get pods",
			"the member's DNS was told of the federation, but does not answer for it: %s", oneLine(found.Err))
	default:
		return ok("%s answers for the federation", found.Server)
	}
}
