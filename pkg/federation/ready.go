package federation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// Workload is how far a Deployment or a StatefulSet has come.
type Workload struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Ready   int32  `json:"ready"`
	Wanted  int32  `json:"wanted"`
	Current bool   `json:"current"` // its pods are those of the newest template
}

// Done tells whether all pods are ready and current.
func (w Workload) Done() bool { return w.Current && w.Ready >= w.Wanted }

func (w Workload) String() string {
	return fmt.Sprintf("%s %s: %d of %d ready", w.Kind, w.Name, w.Ready, w.Wanted)
}

// Workloads lists the federation's Deployments and StatefulSets, sorted by name.
func Workloads(ctx context.Context, client kubernetes.Interface, ref Ref) ([]Workload, error) {
	byLabel := metav1.ListOptions{LabelSelector: ref.selector()}
	sets, err := client.AppsV1().StatefulSets(ref.Namespace).List(ctx, byLabel)
	if err != nil {
		return nil, fmt.Errorf("list the StatefulSets of federation %q: %w", ref.Name, err)
	}
	deployments, err := client.AppsV1().Deployments(ref.Namespace).List(ctx, byLabel)
	if err != nil {
		return nil, fmt.Errorf("list the Deployments of federation %q: %w", ref.Name, err)
	}
	var all []Workload
	for i := range sets.Items {
		all = append(all, ofStatefulSet(&sets.Items[i]))
	}
	for i := range deployments.Items {
		all = append(all, ofDeployment(&deployments.Items[i]))
	}
	slices.SortFunc(all, func(a, b Workload) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func ofDeployment(d *appsv1.Deployment) Workload {
	return Workload{
		Kind: "Deployment", Name: d.Name,
		Ready: d.Status.ReadyReplicas, Wanted: ptr.Deref(d.Spec.Replicas, 1),
		Current: d.Status.ObservedGeneration >= d.Generation &&
			d.Status.UpdatedReplicas == ptr.Deref(d.Spec.Replicas, 1) && d.Status.Replicas == d.Status.UpdatedReplicas,
	}
}

func ofStatefulSet(s *appsv1.StatefulSet) Workload {
	return Workload{
		Kind: "StatefulSet", Name: s.Name,
		Ready: s.Status.ReadyReplicas, Wanted: ptr.Deref(s.Spec.Replicas, 1),
		Current: s.Status.ObservedGeneration >= s.Generation &&
			s.Status.UpdatedReplicas == ptr.Deref(s.Spec.Replicas, 1) && s.Status.CurrentRevision == s.Status.UpdateRevision,
	}
}

// WaitReady returns as soon as every Deployment and StatefulSet of the federation is done, or with ctx. It looks whenever
// one of them changes, not from time to time.
func WaitReady(ctx context.Context, client kubernetes.Interface, ref Ref) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		changes, err := watchWorkloads(ctx, client, ref)
		if err != nil {
			return err
		}
		for open := true; open; {
			all, err := Workloads(ctx, client, ref) // after the watch began: no change is missed
			if err != nil {
				return err
			}
			if len(all) > 0 && !slices.ContainsFunc(all, func(w Workload) bool { return !w.Done() }) {
				return nil
			}
			select {
			case _, open = <-changes: // closed: the server ended a watch, and a new one begins
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// watchWorkloads merges the watches on both kinds into one signal, which ends with the first of them, or with ctx.
func watchWorkloads(ctx context.Context, client kubernetes.Interface, ref Ref) (<-chan watch.Event, error) {
	byLabel := metav1.ListOptions{LabelSelector: ref.selector()}
	sets, err := client.AppsV1().StatefulSets(ref.Namespace).Watch(ctx, byLabel)
	if err != nil {
		return nil, fmt.Errorf("watch the StatefulSets of federation %q: %w", ref.Name, err)
	}
	deployments, err := client.AppsV1().Deployments(ref.Namespace).Watch(ctx, byLabel)
	if err != nil {
		sets.Stop()
		return nil, fmt.Errorf("watch the Deployments of federation %q: %w", ref.Name, err)
	}
	merged := make(chan watch.Event)
	go func() {
		defer close(merged)
		defer sets.Stop()
		defer deployments.Stop()
		for {
			var event watch.Event
			var open bool
			select {
			case event, open = <-sets.ResultChan():
			case event, open = <-deployments.ResultChan():
			case <-ctx.Done():
				return
			}
			if !open {
				return
			}
			select {
			case merged <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return merged, nil
}
