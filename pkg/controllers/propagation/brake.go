package propagation

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	// brakePause is between two looks at what members hold back.
	brakePause = 2 * time.Second
	// brakePatience is how long a new Agent has to say that it holds nothing back, until what was said before it is taken back.
	brakePatience = 15 * time.Second
)

// watchBrakes tells in the Cluster's status how many copies are not deleted although their sources are gone, and lets them be deleted
// when somebody has asked for it there, until ctx ends.
func (c *Controller) watchBrakes(ctx context.Context) error {
	told := map[string]int{}
	for ctx.Err() == nil {
		c.sleep(ctx, brakePause, nil)
		for name, p := range c.posts.list() {
			if c.fleet.Load().get(name) == nil {
				continue
			}
			if err := c.brake(ctx, p, told); err != nil && ctx.Err() == nil {
				ctrl.LoggerFrom(ctx).Error(err, "What is held back in a member could not be told", "cluster", name)
			}
		}
	}
	return nil
}

// brake does so for one member. told is what was written last.
func (c *Controller) brake(ctx context.Context, p *post, told map[string]int) error {
	var cluster fedv1beta1.Cluster
	if err := c.o.Client.Get(ctx, client.ObjectKey{Name: p.name}, &cluster, client.UnsafeDisableDeepCopy); err != nil {
		return client.IgnoreNotFound(err)
	}
	if cluster.Annotations[fedv1beta1.AnnotationDeleteUnsourced] == "true" {
		if !c.sourcesKnown() {
			return nil // what is held can be said only then
		}
		p.agent.ReleaseBrake()
		return c.consent(ctx, &cluster)
	}
	held, was := p.agent.Standing().Held, meta.FindStatusCondition(cluster.Status.Conditions, fedv1beta1.ClusterCopiesHeld)
	switch before, ok := told[p.name]; {
	case ok && before == held, held == 0 && was == nil:
		return nil
	case held == 0 && c.o.Clock.Since(p.begun) < brakePatience:
		return nil // its copies may not have been judged yet
	}
	if err := c.tellHeld(ctx, p.name, held); err != nil {
		return err
	}
	told[p.name] = held
	return nil
}

// consent takes the annotation away that was heeded.
func (c *Controller) consent(ctx context.Context, cluster *fedv1beta1.Cluster) error {
	patch := fmt.Appendf(nil, `{"metadata":{"uid":%q,"annotations":{%q:null}}}`, cluster.UID, fedv1beta1.AnnotationDeleteUnsourced)
	is := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name}}
	if err := c.o.Client.Patch(ctx, is, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("take annotation %s off Cluster %q: %w", fedv1beta1.AnnotationDeleteUnsourced, cluster.Name, client.IgnoreNotFound(err))
	}
	return nil
}

// tellHeld writes the condition CopiesHeld, which is there only while it is true.
func (c *Controller) tellHeld(ctx context.Context, name string, held int) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		var cluster fedv1beta1.Cluster
		if err := c.o.Live.Get(ctx, client.ObjectKey{Name: name}, &cluster); err != nil {
			return err
		}
		var changed bool
		if held == 0 {
			changed = meta.RemoveStatusCondition(&cluster.Status.Conditions, fedv1beta1.ClusterCopiesHeld)
		} else {
			changed = meta.SetStatusCondition(&cluster.Status.Conditions, metav1.Condition{
				Type: fedv1beta1.ClusterCopiesHeld, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonSourcesMissing,
				ObservedGeneration: cluster.Generation, LastTransitionTime: metav1.NewTime(c.o.Clock.Now().Truncate(time.Second)),
				Message: fmt.Sprintf("%d copies are not deleted although their sources are gone, since nobody saw these being deleted: restore the federation API's data,"+
					" or let the copies be deleted: kubectl annotate cluster %s %s=true", held, name, fedv1beta1.AnnotationDeleteUnsourced),
			})
		}
		if !changed {
			return nil
		}
		return c.o.Client.Status().Update(ctx, &cluster)
	})
	if err != nil {
		return fmt.Errorf("write condition %s of Cluster %q: %w", fedv1beta1.ClusterCopiesHeld, name, client.IgnoreNotFound(err))
	}
	return nil
}

// sourcesKnown says whether the sources of all kinds are known.
func (c *Controller) sourcesKnown() bool {
	for _, k := range c.sources.kinds() {
		if !c.sources.synced(k.ID()) {
			return false
		}
	}
	return true
}
