package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// guard is what a lock guards, and the Lease that does it.
type guard struct {
	namespace, name string
	labels          map[string]string
	what            string // such as `federation "fellowship" in namespace "federation-system"`
}

func (r Ref) lockName() string { return r.Name + "-fedhelm" }

// guard is that of the control plane.
func (r Ref) guard() guard {
	return guard{r.Namespace, r.lockName(), r.labels(lockComponent), fmt.Sprintf("federation %q in namespace %q", r.Name, r.Namespace)}
}

// memberGuard is that of one member: work on one does not wait for work on another.
func (r Ref) memberGuard(cluster string) guard {
	return guard{r.Namespace, r.MemberObject(cluster), r.MemberLabels(cluster), fmt.Sprintf("member %q of federation %q", cluster, r.Name)}
}

// MemberLabels are those of what the host cluster has for one member.
func (r Ref) MemberLabels(cluster string) map[string]string {
	return map[string]string{
		fedv1beta1.LabelFederation: r.Name, fedv1beta1.LabelCluster: cluster,
		LabelPartOf: PartOf, LabelManagedBy: ManagedBy,
	}
}

// AcquireMember is Acquire for one member. It also sees to it that nobody is at work on the federation itself. Its Lease is to be
// removed at the end: it marks nothing.
func AcquireMember(ctx context.Context, client kubernetes.Interface, ref Ref, cluster, identity string, waiting func(string)) (context.Context, *Lock, error) {
	held, lock, err := acquire(ctx, client, ref.memberGuard(cluster), identity, waiting)
	if err != nil {
		return nil, nil, err
	}
	// After our own Lease is there: whoever takes the federation's from now on can see it.
	if err := undisturbed(ctx, client, ref.guard(), waiting); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockRenewal)
		defer cancel()
		return nil, nil, errors.Join(err, lock.Remove(ctx))
	}
	return held, lock, nil
}

// membersUndisturbed returns when nobody is at work on a member. Who may not list Leases does not wait for those.
func membersUndisturbed(ctx context.Context, client kubernetes.Interface, ref Ref, waiting func(string)) error {
	leases, err := client.CoordinationV1().Leases(ref.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{fedv1beta1.LabelFederation: ref.Name}.String() + "," + fedv1beta1.LabelCluster,
	})
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the locks of the members of federation %q: %w", ref.Name, err)
	}
	for i := range leases.Items {
		if err := undisturbed(ctx, client, ref.memberGuard(leases.Items[i].Labels[fedv1beta1.LabelCluster]), waiting); err != nil {
			return err
		}
	}
	return nil
}

// undisturbed returns when nobody holds the guard's lock, without taking it.
func undisturbed(ctx context.Context, client kubernetes.Interface, g guard, waiting func(string)) error {
	var look look
	return wait.PollUntilContextCancel(ctx, lockPoll, true, func(ctx context.Context) (bool, error) {
		lease, err := client.CoordinationV1().Leases(g.namespace).Get(ctx, g.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read lock %q in namespace %q: %w", g.name, g.namespace, err)
		}
		holder, state := look.at(lease)
		switch state {
		case free, dead:
			return true, nil
		case alive:
			return false, g.lockedBy(holder)
		default:
			waiting(signOfLife(holder))
			return false, nil
		}
	})
}

// state is what is known of a lock's holder.
type state int

const (
	unsure state = iota // not seen long enough
	free
	alive
	dead
)

// look sees over time whether a lock's holder lives. Only what is seen here counts: the holder's clock may be far from ours.
type look struct {
	seen  metav1.MicroTime // when the holder last renewed, by its own clock
	since time.Time        // when we saw that first, by ours
}

func (l *look) at(lease *coordinationv1.Lease) (holder string, s state) {
	holder, renewed := ptr.Deref(lease.Spec.HolderIdentity, ""), ptr.Deref(lease.Spec.RenewTime, metav1.MicroTime{})
	if l.since.IsZero() {
		l.seen, l.since = renewed, time.Now()
	}
	switch {
	case holder == "":
		return "", free
	case !l.seen.Equal(&renewed):
		return holder, alive
	case time.Since(l.since) > lockDuration:
		return holder, dead
	default:
		return holder, unsure
	}
}

func (g guard) lockedBy(holder string) error {
	return fmt.Errorf("%s: %w: %s holds the lock; run this again when that has ended", g.what, ErrLocked, holder)
}

func signOfLife(holder string) string {
	return fmt.Sprintf("a sign of life from %s, who holds the lock (it is free %s after the last)", holder, lockDuration)
}
