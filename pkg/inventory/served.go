// Package inventory says what a cluster has: which kinds of objects, and whether a namespace holds some that anybody would miss.
package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// ServedKind is a kind of object that a cluster stores and lists.
type ServedKind struct {
	schema.GroupVersionResource
	Kind       string
	Namespaced bool
	Verbs      metav1.Verbs
}

// ServedKinds asks a cluster which kinds of objects it lists, each in one version of those that it has. It leaves out what Kubernetes
// writes about others, and what is computed when asked for. With an error, such as that of a group whose API server is
// away, there still are the kinds that are known.
func ServedKinds(kinds discovery.ServerResourcesInterface) ([]ServedKind, error) {
	_, lists, err := kinds.ServerGroupsAndResources()
	errs := []error{err}
	seen := map[schema.GroupResource]bool{}
	var served []ServedKind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			errs = append(errs, fmt.Errorf("read what the cluster serves: %w", err))
			continue
		}
		for i := range list.APIResources {
			r := &list.APIResources[i]
			resource := version.WithResource(r.Name)
			if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") || seen[resource.GroupResource()] || transient[resource.GroupResource()] {
				continue
			}
			seen[resource.GroupResource()] = true // in another version it is the same objects again
			served = append(served, ServedKind{GroupVersionResource: resource, Kind: r.Kind, Namespaced: r.Namespaced, Verbs: r.Verbs})
		}
	}
	return served, errors.Join(errs...)
}

// transient are the kinds that Kubernetes writes about others, or that are computed when asked for. Endpoints and EndpointSlices, also those
// that somebody wrote by hand, say where a Service leads, and Leases who is at work: without the Service and the worker they are
// of no use to anybody.
var transient = map[schema.GroupResource]bool{
	{Resource: "events"}:                                        true,
	{Group: "events.k8s.io", Resource: "events"}:                true,
	{Resource: "endpoints"}:                                     true,
	{Resource: "componentstatuses"}:                             true,
	{Group: "discovery.k8s.io", Resource: "endpointslices"}:     true,
	{Group: "coordination.k8s.io", Resource: "leases"}:          true,
	{Group: "coordination.k8s.io", Resource: "leasecandidates"}: true,
	{Group: "metrics.k8s.io", Resource: "pods"}:                 true,
	{Group: "metrics.k8s.io", Resource: "nodes"}:                true,
}

// computed are the groups of which everything is computed when asked for: it does not matter that they cannot be asked.
var computed = map[string]bool{"metrics.k8s.io": true, "custom.metrics.k8s.io": true, "external.metrics.k8s.io": true}
