package join

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// before is what there is of the member at the beginning. nil, false and "" stand for what is not there.
type before struct {
	uid       types.UID // of the member's kube-system namespace
	namespace bool      // the federation's, in the member
	release   *release.Info
	values    map[string]any         // that the release was given
	account   *corev1.ServiceAccount // that the federation uses
	secret    *corev1.Secret         // that the Cluster names, else the one that it will
	cluster   *fedv1beta1.Cluster
	absent    []string // what was not there when the first try began: that is ours to remove again
}

// Parts of a member, as notes and undoing name them.
const (
	partNamespace = "namespace"
	partRelease   = "release"
	partSecret    = "secret"
	partCluster   = "cluster"
)

// noteAbsent is where the lock keeps them; nothingAbsent is for a member that stays one.
const (
	noteAbsent    = "absent"
	nothingAbsent = "nothing"
)

// look reads what is there.
func (r *joinRun) look(ctx context.Context) error {
	system, err := r.Member.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("ask the member who it is: %w", err)
	}
	b := before{uid: system.UID}
	_, err = r.Member.Client.CoreV1().Namespaces().Get(ctx, r.Federation.Namespace, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return fmt.Errorf("look for namespace %q in the member: %w", r.Federation.Namespace, err)
	}
	b.namespace = !apierrors.IsNotFound(err)
	if err := b.lookForRelease(ctx, r); err != nil {
		return err
	}
	name := r.Federation.MemberRelease()
	b.account, err = r.Member.Client.CoreV1().ServiceAccounts(r.Federation.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		b.account = nil
	} else if err != nil {
		return fmt.Errorf("look for ServiceAccount %q in the member: %w", name, err)
	}
	b.cluster, err = r.Federation.Clusters.Get(ctx, r.Name)
	if apierrors.IsNotFound(err) {
		b.cluster = nil
	} else if err != nil {
		return fmt.Errorf("read Cluster %q of federation %q: %w", r.Name, r.Federation.Name, err)
	}
	name = b.secretIn(r)
	b.secret, err = r.Host.Client.CoreV1().Secrets(r.Federation.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		b.secret = nil
	} else if err != nil {
		return fmt.Errorf("read Secret %q in %s: %w", name, r.where(), err)
	}
	r.before = b
	return nil
}

func (b *before) lookForRelease(ctx context.Context, r *joinRun) error {
	name := r.Federation.MemberRelease()
	info, err := r.Member.Releases.Get(ctx, name)
	if errors.Is(err, release.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	b.release = &info
	b.values, err = r.Member.Releases.Values(ctx, name)
	return err
}

// secretIn is the Secret of the member as it is now.
func (b *before) secretIn(r *joinRun) string {
	if b.cluster != nil && b.cluster.Spec.SecretRef != nil {
		return b.cluster.Spec.SecretRef.Name
	}
	if r.SecretName != "" {
		return r.SecretName
	}
	return r.Federation.MemberObject(r.Name)
}

// begin looks at what there is once nobody else is at work on the member: somebody may have been until now.
func (r *joinRun) begin(ctx context.Context) error {
	noted, err := r.lock.Note(ctx, noteAbsent, "")
	if err != nil {
		return err
	}
	r.incomplete = noted != "" // what a run that was killed noted is still needed if this one ends here
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := preflight.Run(ctx, preflight.Contested(r.preflight(nil))).Err(); err != nil {
		return setup.Refused(err)
	}
	if err := r.noteAbsent(ctx, noted); err != nil {
		return err
	}
	r.incomplete = false
	return nil
}

// noteAbsent keeps with the lock what was not there when the first try began, so that a run after one that was killed knows what it may
// remove again. A note says nothing of a cluster that has been reached since: that one is a member, whoever brought it to its end.
func (r *joinRun) noteAbsent(ctx context.Context, noted string) error {
	reached := r.cluster != nil && r.cluster.Status.UID != ""
	if noted == "" {
		noted = strings.Join(r.missing(), ",")
	} else if reached {
		noted = nothingAbsent
	}
	if noted == "" {
		return nil
	}
	noted, err := r.lock.Note(ctx, noteAbsent, noted)
	r.absent = strings.Split(noted, ",")
	return err
}

// missing are the parts that are not there.
func (b *before) missing() []string {
	var absent []string
	for part, there := range map[string]bool{
		partNamespace: b.namespace, partRelease: b.release != nil || b.account != nil, partSecret: b.secret != nil, partCluster: b.cluster != nil,
	} {
		if !there {
			absent = append(absent, part)
		}
	}
	slices.Sort(absent)
	return absent
}

// ours tells whether a part was made by this join, or by one before it that did not come to its end.
func (b *before) ours(part string) bool { return slices.Contains(b.absent, part) }
