package join

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/progress"
)

const (
	// settled is how long a failure must last: the controller manager tries again within seconds, and rights that were just given need a
	// moment to be known.
	settled = 4 * time.Second
	// stale is how long one must last that may be about what was there before: a probe that is under way has to end first.
	stale = 15 * time.Second
	// rewatch keeps a server that ends every watch at once from being asked without a pause.
	rewatch = 200 * time.Millisecond
)

const giveEndpoint = "give an address at which pods of the host cluster reach it with --cluster-endpoint=https://HOST:PORT"

// waitReady returns when the Cluster says that the controller manager reaches the member with the credentials that were stored. It
// follows a watch.
func (r *joinRun) waitReady(ctx context.Context, applied *fedv1beta1.Cluster, step *progress.Step) (*fedv1beta1.Cluster, error) {
	w := waiter{joinRun: r, generation: applied.Generation, step: step, failing: time.NewTimer(time.Hour)}
	defer w.failing.Stop()
	r.waiting = fmt.Sprintf("the controller manager of federation %q has not looked at cluster %q; see what it does: %s", r.Federation.Name, r.Name, r.managerLogs())
	for {
		changes, err := r.Federation.Clusters.Watch(ctx, r.Name)
		if err != nil {
			return nil, fmt.Errorf("watch Cluster %q of federation %q: %w", r.Name, r.Federation.Name, err)
		}
		cluster, err := w.follow(ctx, changes)
		changes.Stop()
		if cluster != nil || err != nil {
			return cluster, err
		}
		select { // the server ended the watch: a new one begins with the state that there is then
		case <-time.After(rewatch):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// waiter judges what a Cluster says.
type waiter struct {
	*joinRun
	generation int64
	step       *progress.Step
	failing    *time.Timer // runs out when a failure has lasted
	failure    string      // reason of the one that is timed; "": none
	since      time.Time
	message    string
}

// follow returns when the Cluster is Ready, or will not be; nil and nil when the watch ends.
func (w *waiter) follow(ctx context.Context, changes watch.Interface) (*fedv1beta1.Cluster, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-w.failing.C:
			return nil, w.unreachable()
		case event, open := <-changes.ResultChan():
			if !open {
				return nil, nil
			}
			if event.Type == watch.Error {
				return nil, nil // too old, or the server is going away
			}
			if event.Type == watch.Deleted {
				return nil, fmt.Errorf("somebody deleted Cluster %q of federation %q; run the same command again to join it anew", w.Name, w.Federation.Name)
			}
			cluster, ok := event.Object.(*fedv1beta1.Cluster)
			if !ok || cluster.Name != w.Name {
				continue
			}
			ready, err := w.judge(ctx, cluster)
			if ready || err != nil {
				return cluster, err
			}
		}
	}
}

// judge tells whether the Cluster is Ready with the Secret that was stored, or with what the controller manager made of it since.
func (w *waiter) judge(ctx context.Context, c *fedv1beta1.Cluster) (bool, error) {
	ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady)
	if ready == nil || ready.ObservedGeneration < w.generation {
		return false, nil
	}
	version := ""
	if c.Status.Credential != nil {
		version = c.Status.Credential.SecretVersion
	}
	if version != w.secretVersion && version != "" && ready.Status == metav1.ConditionTrue {
		secret, err := w.Host.Client.CoreV1().Secrets(w.Federation.Namespace).Get(ctx, w.secretName, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return false, fmt.Errorf("read Secret %q in %s: %w", w.secretName, w.where(), err)
		}
		if err == nil && secret.ResourceVersion == version {
			w.secretVersion = version // a token with a short life has been renewed already
		}
	}
	current := version == w.secretVersion
	if current && ready.Status == metav1.ConditionTrue {
		if c.Status.UID != "" && c.Status.UID != w.uid {
			return false, fmt.Errorf("%s leads the control plane of federation %q to another cluster than context %q does here; give the right address with --cluster-endpoint",
				w.endpoint.URL, w.Federation.Name, w.Member.Context)
		}
		return true, nil
	}
	if ready.Status == metav1.ConditionTrue { // by what was stored before
		w.waiting = fmt.Sprintf("the controller manager of federation %q has not tried the new credentials of cluster %q; see what it does: %s", w.Federation.Name, w.Name, w.managerLogs())
	} else {
		w.step.Waitingf("%s: %s", ready.Reason, ready.Message)
		w.waiting = fmt.Sprintf("cluster %q is not ready: %s: %s", w.Name, ready.Reason, ready.Message)
		if ready.Reason == fedv1beta1.ReasonClusterNotReachable {
			w.waiting += "; " + giveEndpoint
		}
	}
	w.time(ready, current)
	return false, nil
}

// time lets a failure that waiting will not mend run out; one of an unhealthy member may mend, within the limit of the whole.
func (w *waiter) time(ready *metav1.Condition, current bool) {
	if ready.Status != metav1.ConditionFalse || ready.Reason == fedv1beta1.ReasonClusterNotReady {
		w.failure = ""
		w.failing.Stop()
		return
	}
	w.message = ready.Message
	if w.failure != ready.Reason {
		w.failure, w.since = ready.Reason, time.Now()
	}
	limit := stale
	if current {
		limit = settled
	}
	w.failing.Reset(time.Until(w.since.Add(limit)))
}

// unreachable is the end of a join that the control plane could not confirm.
func (w *waiter) unreachable() error {
	switch w.failure {
	case fedv1beta1.ReasonClusterNotReachable:
		return fmt.Errorf("the control plane of federation %q, in host cluster %q, cannot reach cluster %q at %s: %s; %s",
			w.Federation.Name, w.Host.Context, w.Name, w.endpoint.URL, w.message, giveEndpoint)
	default:
		return fmt.Errorf("the control plane of federation %q does not get along with the credentials of cluster %q (%s): %s; see what it does: %s",
			w.Federation.Name, w.Name, w.failure, w.message, w.managerLogs())
	}
}

func (r *joinRun) managerLogs() string {
	return fmt.Sprintf("kubectl --context=%s -n %s logs deployment/%s -c controller-manager", r.Host.Context, r.Federation.Namespace, r.Federation.ControllerManager())
}
