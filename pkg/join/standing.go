package join

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// memberAnswer is how long a member that is to leave may take to say who it is.
const memberAnswer = 10 * time.Second

// standing is what Unjoin finds. nil stands for what is not there, or cannot be asked.
type standing struct {
	cluster *fedv1beta1.Cluster
	account *corev1.ServiceAccount // that the federation uses in the member
	uid     types.UID              // of the federation, in whose name objects of the member are marked; "": not known
	gone    error                  // why the member's part is left out; nil: it is not
}

// check looks at everything before anything is written, and refuses what Force was not given for.
func (u *unjoinRun) check(ctx context.Context) error {
	if err := u.look(ctx); err != nil {
		return err
	}
	if err := u.refusal(); err != nil {
		return err
	}
	for _, missing := range []error{u.Federation.Unusable, u.gone} {
		if missing != nil && u.Force {
			u.Progress.Warnf("%v", missing)
		}
	}
	return nil
}

// refusal tells what is in the way of doing everything; nothing is with Force.
func (u *unjoinRun) refusal() error {
	if u.Force {
		return nil
	}
	var errs []error
	if err := u.Federation.Unusable; err != nil {
		errs = append(errs, fmt.Errorf("the API of federation %q cannot be used: %w; `fedhelm status %s --federation-system-namespace=%s` tells how it is, "+
			"and --force takes the member's credentials away without it", u.Federation.Name, err, u.Federation.Name, u.Federation.Namespace))
	}
	if u.gone != nil && (u.NoMember == nil || u.cluster != nil || u.Federation.Unusable != nil) { // of a cluster that was no member, nothing need be reached
		errs = append(errs, fmt.Errorf("%w; --force leaves the member's part out, and says what stays there", u.gone))
	}
	return setup.Refused(errors.Join(errs...))
}

// look reads what there is.
func (u *unjoinRun) look(ctx context.Context) error {
	u.standing = standing{uid: u.Federation.UID}
	if u.Federation.Unusable == nil {
		cluster, err := u.Federation.Clusters.Get(ctx, u.Name)
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("read Cluster %q of federation %q: %w", u.Name, u.Federation.Name, err)
		}
		if err == nil {
			u.cluster = cluster
		}
	}
	if u.gone = u.lookAtMember(ctx); u.gone == nil && u.account != nil {
		u.uid = cmp.Or(u.uid, types.UID(u.account.Annotations[fedv1beta1.AnnotationFederationUID]))
	}
	return ctx.Err()
}

// lookAtMember makes sure that the member answers, and that it is the cluster that was joined: a context may have come to lead
// elsewhere.
func (u *unjoinRun) lookAtMember(ctx context.Context) error {
	if u.NoMember != nil {
		return u.NoMember
	}
	ctx, cancel := context.WithTimeout(ctx, memberAnswer)
	defer cancel()
	system, err := u.Member.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("the member does not answer (context %q, %s): %w", u.Member.Context, u.Member.Server, err)
	}
	if joined := u.joinedUID(); joined != "" && joined != system.UID {
		return fmt.Errorf("context %q leads to another cluster than the one that was joined as %q: namespace kube-system there has UID %s, and had %s; "+
			"choose the right one with --cluster-context", u.Member.Context, u.Name, system.UID, joined)
	}
	name := u.Federation.MemberRelease()
	account, err := u.Member.Client.CoreV1().ServiceAccounts(u.Federation.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for ServiceAccount %q in %s: %w", name, u.in(InMember), err)
	}
	if as := account.Annotations[fedv1beta1.AnnotationCluster]; as != "" && as != u.Name {
		return fmt.Errorf("the cluster of context %q is member %q of federation %q, not %q; choose the right one with --cluster-context",
			u.Member.Context, as, u.Federation.Name, u.Name)
	}
	if of := types.UID(account.Annotations[fedv1beta1.AnnotationFederationUID]); of != "" && u.uid != "" && of != u.uid {
		return fmt.Errorf("the cluster of context %q is a member of another federation named %q: that one's API has UID %s, and this one's %s",
			u.Member.Context, u.Federation.Name, of, u.uid)
	}
	u.account = account
	return nil
}

// joinedUID tells which cluster was joined; "" when nobody has said so.
func (u *unjoinRun) joinedUID() types.UID {
	if u.cluster == nil {
		return ""
	}
	return cmp.Or(types.UID(u.cluster.Annotations[fedv1beta1.AnnotationClusterUID]), u.cluster.Status.UID)
}
