package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
)

const (
	// undoLimit is how long it may take to remove again what was made, after the command's own limit has run out.
	undoLimit = time.Minute
	gonePoll  = 100 * time.Millisecond
)

// failed undoes what was made for a cluster that was no member before, and adds to err what could not be undone. One that was a member
// stays one.
func (r *joinRun) failed(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), federation.ErrLocked) || !r.ours(partCluster) {
		return err // somebody else is at work on it now
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	step := r.Progress.Start("Removing what was made for " + r.Name)
	defer step.Fail()
	for _, part := range []struct {
		name   string
		remove func(context.Context) error
	}{
		{partCluster, r.removeCluster}, {partSecret, r.removeSecret}, {partRelease, r.removeRelease}, {partNamespace, r.removeNamespace},
	} {
		if !r.ours(part.name) {
			continue
		}
		if undoErr := part.remove(ctx); undoErr != nil {
			r.incomplete = true
			return errors.Join(err, fmt.Errorf("what was made could not all be removed again: %w; remove it with: fedhelm unjoin %s", undoErr, r.Name))
		}
	}
	step.Done()
	return err
}

func (r *joinRun) removeCluster(ctx context.Context) error {
	if err := ignoreNotFound(r.Federation.Clusters.Delete(ctx, r.Name)); err != nil {
		return fmt.Errorf("delete Cluster %q: %w", r.Name, err)
	}
	err := wait.PollUntilContextCancel(ctx, gonePoll, true, func(ctx context.Context) (bool, error) {
		_, err := r.Federation.Clusters.Get(ctx, r.Name)
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("wait until Cluster %q is gone: %w", r.Name, err)
	}
	return nil
}

func (r *joinRun) removeSecret(ctx context.Context) error {
	return removeHost(ctx, r.Host.Client, r.Federation.Namespace, r.secretName)
}

// removeRelease leaves a release alone that is for another name: somebody was quicker, and joined the same cluster under that.
func (r *joinRun) removeRelease(ctx context.Context) error {
	name := r.Federation.MemberRelease()
	values, err := r.Member.Releases.Values(ctx, name)
	if err != nil && !errors.Is(err, release.ErrNotFound) {
		return err
	}
	if cluster, is := values[valueCluster].(string); is && cluster != r.Name {
		return nil
	}
	return r.Member.Releases.Uninstall(ctx, name, release.UninstallOptions{})
}

// valueCluster is the value of the member's release that has its name.
const valueCluster = "cluster"

func (r *joinRun) removeNamespace(ctx context.Context) error {
	_, err := federation.RemoveNamespace(ctx, r.Member.Client, r.Member.Objects, r.Federation.Namespace)
	return err
}
