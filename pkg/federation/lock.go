package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// ErrLocked is returned when somebody else is at work on the federation.
var ErrLocked = errors.New("somebody else is at work on it")

const (
	lockComponent = "lock"
	// A holder renews often, so that a second one need not look long to see that it lives; a killed one is in
	// the way for lockDuration.
	lockDuration = 15 * time.Second
	lockRenewal  = 3 * time.Second
	lockPoll     = 250 * time.Millisecond
	// A holder that cannot renew stops this long after the last time it could: an attempt that hangs must end, and the holder
	// notice, before anybody else may take the lock.
	lockGivenUp = lockDuration - 2*lockRenewal
)

// Lock keeps others from changing a federation, or one of its members: two people's fedhelm, not two of its controllers. The lock
// is a Lease, renewed until released; when its holder is killed, it is free again after some fifteen seconds.
type Lock struct {
	guard
	client   kubernetes.Interface
	identity string
	tookOver bool
	stop     context.CancelCauseFunc
	done     chan struct{}
}

// Acquire takes the federation's lock for identity, which tells other people who it is, and must be unique. A lock whose
// holder gives no sign of life is waited for, and taken over; waiting is told what for. One whose holder lives
// gives ErrLocked, and so does somebody at work on one of the members. The context that comes back ends when the lock is lost.
func Acquire(ctx context.Context, client kubernetes.Interface, ref Ref, identity string, waiting func(string)) (context.Context, *Lock, error) {
	held, lock, err := acquire(ctx, client, ref.guard(), identity, waiting)
	if err != nil {
		return nil, nil, err
	}
	// After our own Lease is there: whoever begins with a member from now on can see it.
	if err := membersUndisturbed(ctx, client, ref, waiting); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockRenewal)
		defer cancel()
		return nil, nil, errors.Join(err, lock.Release(ctx))
	}
	return held, lock, nil
}

func acquire(ctx context.Context, client kubernetes.Interface, g guard, identity string, waiting func(string)) (context.Context, *Lock, error) {
	l := &Lock{guard: g, client: client, identity: identity, done: make(chan struct{})}
	if err := l.take(ctx, waiting); err != nil {
		return nil, nil, err
	}
	held, stop := context.WithCancelCause(ctx)
	l.stop = stop
	go l.renew(held)
	return held, l, nil
}

// take makes the Lease ours.
func (l *Lock) take(ctx context.Context, waiting func(string)) error {
	var look look
	return wait.PollUntilContextCancel(ctx, lockPoll, true, func(ctx context.Context) (bool, error) {
		lease, err := l.leases().Get(ctx, l.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return l.won(l.leases().Create(ctx, l.claim(nil), metav1.CreateOptions{FieldManager: fieldManager}))
		}
		if err != nil {
			return false, fmt.Errorf("read lock %q in namespace %q: %w", l.name, l.namespace, err)
		}
		holder, state := look.at(lease)
		switch state {
		case free, dead:
			l.tookOver = state == dead
			return l.won(l.leases().Update(ctx, l.claim(lease), metav1.UpdateOptions{FieldManager: fieldManager}))
		case alive:
			return false, l.lockedBy(holder)
		default:
			waiting(signOfLife(holder))
			return false, nil
		}
	})
}

// TookOver tells whether the lock's last holder never gave it back: whatever it was at work on, it is no longer.
func (l *Lock) TookOver() bool { return l.tookOver }

// won tells whether a write made the lock ours. When somebody was faster, the next look tells who.
func (l *Lock) won(_ *coordinationv1.Lease, err error) (bool, error) {
	switch {
	case err == nil:
		return true, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return false, nil
	default:
		return false, fmt.Errorf("take lock %q in namespace %q: %w", l.name, l.namespace, err)
	}
}

// claim is the Lease in our hands.
func (l *Lock) claim(from *coordinationv1.Lease) *coordinationv1.Lease {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: l.name, Namespace: l.namespace}}
	if from != nil {
		lease = from.DeepCopy()
	}
	lease.Labels = maps.Clone(l.labels)
	now := metav1.NowMicro()
	lease.Spec.HolderIdentity = &l.identity
	lease.Spec.LeaseDurationSeconds = ptr.To(int32(lockDuration.Seconds()))
	lease.Spec.AcquireTime, lease.Spec.RenewTime = &now, &now
	return lease
}

// renew shows that we live, until held ends. A lock that somebody else has taken meanwhile, or that could not be renewed
// for its whole duration, is lost.
func (l *Lock) renew(held context.Context) {
	defer close(l.done)
	last := time.Now()
	wait.UntilWithContext(held, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, lockRenewal)
		defer cancel()
		lease, err := l.leases().Get(ctx, l.name, metav1.GetOptions{})
		if err == nil && ptr.Deref(lease.Spec.HolderIdentity, "") != l.identity {
			l.stop(fmt.Errorf("%s: %w: %s took the lock", l.what, ErrLocked, ptr.Deref(lease.Spec.HolderIdentity, "somebody")))
			return
		}
		if err == nil {
			now := metav1.NowMicro()
			lease.Spec.RenewTime = &now
			_, err = l.leases().Update(ctx, lease, metav1.UpdateOptions{FieldManager: fieldManager})
		}
		if err == nil {
			last = time.Now()
		} else if held.Err() == nil && time.Since(last) > lockGivenUp {
			l.stop(fmt.Errorf("renew the lock of %s: %w", l.what, err))
		}
	}, lockRenewal)
}

// Release gives the lock back; the Lease stays, as the mark of a federation that was begun. ctx may be another than that
// of Acquire: a command that was interrupted still gives back what it holds.
func (l *Lock) Release(ctx context.Context) error {
	l.stop(nil)
	<-l.done
	lease, err := l.leases().Get(ctx, l.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && ptr.Deref(lease.Spec.HolderIdentity, "") == l.identity {
		lease.Spec.HolderIdentity = nil
		_, err = l.leases().Update(ctx, lease, metav1.UpdateOptions{FieldManager: fieldManager})
	}
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return fmt.Errorf("give back lock %q in namespace %q: %w", l.name, l.namespace, err)
	}
	return nil
}

// Remove gives the lock back and deletes the Lease: nothing of the federation is left that it could guard. A Lease that somebody
// else has taken meanwhile is theirs, and stays (ErrLocked).
func (l *Lock) Remove(ctx context.Context) error {
	l.stop(nil)
	<-l.done
	lease, err := l.leases().Get(ctx, l.name, metav1.GetOptions{})
	if err == nil {
		if holder := ptr.Deref(lease.Spec.HolderIdentity, ""); holder != l.identity {
			return fmt.Errorf("%s: %w: %s took the lock", l.what, ErrLocked, holder)
		}
		err = l.leases().Delete(ctx, l.name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &lease.UID, ResourceVersion: &lease.ResourceVersion},
		})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete lock %q in namespace %q: %w", l.name, l.namespace, err)
	}
	return nil
}

func (l *Lock) leases() coordinationclient.LeaseInterface {
	return l.client.CoordinationV1().Leases(l.namespace)
}

// Note keeps a text with the Lease until that is removed, for a later holder who has to go on; an empty text changes nothing.
// It returns what is kept now.
func (l *Lock) Note(ctx context.Context, key, text string) (string, error) {
	key = fedv1beta1.GroupName + "/" + key
	lease, err := l.leases().Get(ctx, l.name, metav1.GetOptions{})
	if err == nil && text != "" && lease.Annotations[key] != text {
		var patch []byte
		if patch, err = json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: text}}}); err == nil {
			lease, err = l.leases().Patch(ctx, l.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
		}
	}
	if err != nil {
		return "", fmt.Errorf("keep a note with lock %q in namespace %q: %w", l.name, l.namespace, err)
	}
	return lease.Annotations[key], nil
}
