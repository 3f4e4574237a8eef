// Package kinds says which kinds a federation propagates into its members, what rights on a member that takes, and which objects of these
// kinds are not propagated.
package kinds

import "k8s.io/apimachinery/pkg/runtime/schema"

// ID names a kind: RESOURCE.GROUP, or RESOURCE for the core group.
type ID string

// CRD is the kind of the definitions of other kinds. Those that are marked are federated as well.
const CRD ID = "customresourcedefinitions.apiextensions.k8s.io"

// Divided says what of an object is not the same in all members.
type Divided int

// What is divided among members.
const (
	Whole    Divided = iota // nothing: each member gets the object as it is
	Replicas                // spec.replicas
	Job                     // spec.parallelism and spec.completions
	Bounds                  // spec.minReplicas and spec.maxReplicas
)

// Kind is a kind of object that a federation propagates.
type Kind struct {
	Group      string // "" for the core group
	Version    string // in which the federation API and the members are asked
	Resource   string // plural, as in URLs and in RBAC
	Kind       string
	Namespaced bool
	Divided    Divided
	// Status says that what members report in the status of their objects is summed up in that of the federation's.
	Status bool
	// Leaving says that the kind is not federated any more, while the federation still holds on to objects of it. None of them is
	// Federated.
	Leaving bool
}

// ID names the kind.
func (k Kind) ID() ID { return ID(k.GroupResource().String()) }

// GroupResource is what RBAC and discovery know the kind by.
func (k Kind) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: k.Group, Resource: k.Resource}
}

// GroupVersionKind is what an object of the kind says it is.
func (k Kind) GroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind}
}

// GroupVersionResource is where objects of the kind are found.
func (k Kind) GroupVersionResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: k.Group, Version: k.Version, Resource: k.Resource}
}

// Path is the path of an object below a server's address; that of the collection if name is "", in all namespaces if namespace is "" too.
func (k Kind) Path(namespace, name string) string {
	path := "/apis/" + k.Group + "/" + k.Version
	if k.Group == "" {
		path = "/api/" + k.Version
	}
	if namespace != "" && k.Namespaced {
		path += "/namespaces/" + namespace
	}
	path += "/" + k.Resource
	if name != "" {
		path += "/" + name
	}
	return path
}

// Default returns the kinds that are federated unless an operator says otherwise: namespaces first, because what is in
// them comes after them. The caller owns the slice.
func Default() []Kind {
	return []Kind{
		{Version: "v1", Resource: "namespaces", Kind: "Namespace"},
		{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true},
		{Version: "v1", Resource: "secrets", Kind: "Secret", Namespaced: true},
		{Version: "v1", Resource: "services", Kind: "Service", Namespaced: true, Status: true},
		{Version: "v1", Resource: "serviceaccounts", Kind: "ServiceAccount", Namespaced: true},
		{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true, Divided: Replicas, Status: true},
		{Group: "apps", Version: "v1", Resource: "replicasets", Kind: "ReplicaSet", Namespaced: true, Divided: Replicas, Status: true},
		{Group: "apps", Version: "v1", Resource: "statefulsets", Kind: "StatefulSet", Namespaced: true, Divided: Replicas, Status: true},
		{Group: "apps", Version: "v1", Resource: "daemonsets", Kind: "DaemonSet", Namespaced: true, Status: true},
		{Group: "batch", Version: "v1", Resource: "jobs", Kind: "Job", Namespaced: true, Divided: Job, Status: true},
		{Group: "batch", Version: "v1", Resource: "cronjobs", Kind: "CronJob", Namespaced: true, Status: true},
		{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true, Divided: Bounds, Status: true},
		{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses", Kind: "Ingress", Namespaced: true, Status: true},
		{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies", Kind: "NetworkPolicy", Namespaced: true},
		{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets", Kind: "PodDisruptionBudget", Namespaced: true, Status: true},
	}
}
