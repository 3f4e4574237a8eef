package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	// forcedRelease is how long the controller manager has to let go of a member that is taken out by force.
	forcedRelease = 15 * time.Second
	watchAgain    = 500 * time.Millisecond
)

// releaseMember makes the controller manager end all that it does for the member. It would put back what is taken away otherwise.
func (u *unjoinRun) releaseMember(ctx context.Context) error {
	if u.cluster == nil {
		return nil
	}
	step := u.Progress.Start("Ending the federation's work on " + u.Name)
	defer step.Fail()
	object := "Cluster " + u.Name
	err := u.do(InFederation, object, "marked as leaving", func() error {
		if u.cluster.Annotations[fedv1beta1.AnnotationLeaving] == string(u.Workloads) {
			return nil
		}
		_, err := u.Federation.Clusters.Annotate(ctx, u.Name, fedv1beta1.AnnotationLeaving, string(u.Workloads))
		return err
	})
	switch {
	case apierrors.IsNotFound(err):
		u.cluster = nil
		return nil
	case err != nil:
		return fmt.Errorf("annotate Cluster %q of federation %q: %w", u.Name, u.Federation.Name, err)
	case u.DryRun:
		step.Done()
		return nil
	}
	waiting := ctx
	if u.Force {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, forcedRelease)
		defer cancel()
	}
	step.Waitingf("the controller manager to let go of it")
	err = u.released(waiting)
	if err != nil && u.Force && ctx.Err() == nil {
		u.Progress.Warnf("%v; going on all the same, as --force says", err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%w; `fedhelm status %s --federation-system-namespace=%s` tells how it is, and --force goes on without it",
			err, u.Federation.Name, u.Federation.Namespace)
	}
	step.Done()
	return nil
}

// released waits until the controller manager has said that nothing of it works on the member any more.
func (u *unjoinRun) released(ctx context.Context) error {
	for {
		done, err := u.watchRelease(ctx)
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the controller manager has not let go of member %q (Cluster %q has no condition %s)",
				u.Name, u.Name, fedv1beta1.ClusterLeaving), err)
		case <-time.After(watchAgain): // the server closed the watch, or is away
		}
	}
}

// watchRelease follows one watch to its end, or until the Cluster is released or gone.
func (u *unjoinRun) watchRelease(ctx context.Context) (done bool, _ error) {
	changes, err := u.Federation.Clusters.Watch(ctx, u.Name)
	if err != nil {
		return false, fmt.Errorf("watch Cluster %q: %w", u.Name, err)
	}
	defer changes.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, nil
		case event, open := <-changes.ResultChan():
			if !open {
				return u.lookAgain(ctx)
			}
			cluster, is := event.Object.(*fedv1beta1.Cluster)
			if event.Type == watch.Deleted || is && isReleased(cluster) {
				return true, nil
			}
		}
	}
}

// lookAgain is for what a watch does not tell: that there is no Cluster any more when it begins.
func (u *unjoinRun) lookAgain(ctx context.Context) (bool, error) {
	cluster, err := u.Federation.Clusters.Get(ctx, u.Name)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read Cluster %q: %w", u.Name, err)
	}
	return isReleased(cluster), nil
}

func isReleased(cluster *fedv1beta1.Cluster) bool {
	_, leaving := cluster.Annotations[fedv1beta1.AnnotationLeaving]
	return leaving && meta.IsStatusConditionTrue(cluster.Status.Conditions, fedv1beta1.ClusterLeaving)
}

// deregister deletes the Cluster: the last of all, so that whatever failed before can be tried again.
func (u *unjoinRun) deregister(ctx context.Context) error {
	if u.noFederation() {
		return nil
	}
	if u.Federation.Unusable != nil {
		u.left(InFederation, "Cluster "+u.Name, "the federation's API cannot be used",
			fmt.Sprintf("kubectl --context=%s delete cluster %s", u.Federation.Name, u.Name))
		return nil
	}
	if u.cluster == nil {
		return nil
	}
	step := u.Progress.Start("Removing Cluster " + u.Name + " from the federation")
	defer step.Fail()
	err := u.do(InFederation, "Cluster "+u.Name, "deleted", func() error {
		return ignoreNotFound(u.Federation.Clusters.Delete(ctx, u.Name))
	})
	if err != nil {
		return fmt.Errorf("delete Cluster %q of federation %q: %w", u.Name, u.Federation.Name, err)
	}
	step.Done()
	return nil
}
