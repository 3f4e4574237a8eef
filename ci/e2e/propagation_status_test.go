//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// sums are the numbers of a status that are those of all members together.
var sums = map[kinds.ID][]string{
	"deployments.apps":                     {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"},
	"replicasets.apps":                     {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"},
	"statefulsets.apps":                    {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"},
	"daemonsets.apps":                      {"desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable"},
	"jobs.batch":                           {"active", "succeeded", "failed"},
	"horizontalpodautoscalers.autoscaling": {"currentReplicas", "desiredReplicas"},
	"poddisruptionbudgets.policy":          {"currentHealthy", "expectedPods"},
}

// settles waits until the status of all sources in a namespace is that of all copies together, and all that runs is ready.
func (r *realm) settles(s *sandbox, limit time.Duration, namespace string) {
	s.Helper()
	s.eventually(limit, "the status of what is in "+namespace+" is the sum over members", func() error {
		return r.compareStatus(context.WithoutCancel(s.Context()), namespace)
	})
}

func (r *realm) compareStatus(ctx context.Context, namespace string) error {
	var errs []error
	for _, k := range r.kinds {
		if !k.Status {
			continue
		}
		sources, err := r.api.objects(ctx, k, namespace)
		errs = append(errs, err)
		copies := map[string][]unstructured.Unstructured{}
		for _, member := range r.joined() {
			held, err := r.member(member).objects(ctx, k, namespace)
			errs = append(errs, err)
			for _, o := range held {
				if r.ours(&o) {
					copies[o.GetName()] = append(copies[o.GetName()], o)
				}
			}
		}
		for i := range sources {
			if o := &sources[i]; kinds.Federated(k, o) {
				errs = append(errs, statusOf(k, o, copies[o.GetName()]))
			}
		}
	}
	return errors.Join(errs...)
}

func statusOf(k kinds.Kind, source *unstructured.Unstructured, copies []unstructured.Unstructured) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s %s: %s (%s)", k.ID(), source.GetName(), fmt.Sprintf(format, args...), propagation(source)))
	}
	for _, field := range sums[k.ID()] {
		got, _, _ := unstructured.NestedInt64(source.Object, "status", field)
		var want int64
		for _, o := range copies {
			part, _, _ := unstructured.NestedInt64(o.Object, "status", field)
			want += part
		}
		if got != want && (k.ID() != "jobs.batch" || source.GetAnnotations()[expectReplicas] != "any") { // a part that was done and is there no more counts
			fail("status.%s is %d, want %d", field, got, want)
		}
	}
	if k.Divided == kinds.Replicas {
		observed, _, _ := unstructured.NestedInt64(source.Object, "status", "observedGeneration")
		if observed != source.GetGeneration() {
			fail("observedGeneration is %d, want %d", observed, source.GetGeneration())
		}
		ready, _, _ := unstructured.NestedInt64(source.Object, "status", "readyReplicas")
		if wanted, _, _ := unstructured.NestedInt64(source.Object, "spec", "replicas"); ready != wanted && source.GetAnnotations()[expectReplicas] != "any" {
			fail("%d replicas are ready, want %d", ready, wanted)
		}
	}
	if k.ID() == "services" {
		got, want := addresses(*source), addresses(copies...)
		if kind, _, _ := unstructured.NestedString(source.Object, "spec", "type"); kind == "LoadBalancer" && len(want) < len(copies) {
			fail("members have the addresses %v only", want)
		}
		if !slices.Equal(got, want) {
			fail("its addresses are %v, want %v", got, want)
		}
	}
	return errors.Join(errs...)
}

// addresses are those of load balancers, each once.
func addresses(services ...unstructured.Unstructured) []string {
	found := map[string]bool{}
	for _, o := range services {
		ingress, _, _ := unstructured.NestedSlice(o.Object, "status", "loadBalancer", "ingress")
		for _, i := range ingress {
			entry, _ := i.(map[string]any)
			found[fmt.Sprint(entry["ip"], entry["hostname"])] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
