// Package kinds says which kinds a federation propagates into its members, and what rights on a member that takes.
package kinds

import "k8s.io/apimachinery/pkg/runtime/schema"

// Kind is a kind of object that a federation propagates. It has no version: each member is asked which ones it serves.
type Kind struct {
	Group      string // "" for the core group
	Resource   string // plural, as in URLs and in RBAC
	Kind       string
	Namespaced bool
}

// GroupResource is what RBAC and discovery know the kind by.
func (k Kind) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: k.Group, Resource: k.Resource}
}

// Default returns the kinds that are federated unless an operator says otherwise: namespaces first, because what is in
// them comes after them. The caller owns the slice.
func Default() []Kind {
	return []Kind{
		{Resource: "namespaces", Kind: "Namespace"},
		{Resource: "configmaps", Kind: "ConfigMap", Namespaced: true},
		{Resource: "secrets", Kind: "Secret", Namespaced: true},
		{Resource: "services", Kind: "Service", Namespaced: true},
		{Resource: "serviceaccounts", Kind: "ServiceAccount", Namespaced: true},
		{Group: "apps", Resource: "deployments", Kind: "Deployment", Namespaced: true},
		{Group: "apps", Resource: "replicasets", Kind: "ReplicaSet", Namespaced: true},
		{Group: "apps", Resource: "statefulsets", Kind: "StatefulSet", Namespaced: true},
		{Group: "apps", Resource: "daemonsets", Kind: "DaemonSet", Namespaced: true},
		{Group: "batch", Resource: "jobs", Kind: "Job", Namespaced: true},
		{Group: "batch", Resource: "cronjobs", Kind: "CronJob", Namespaced: true},
		{Group: "autoscaling", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true},
		{Group: "networking.k8s.io", Resource: "ingresses", Kind: "Ingress", Namespaced: true},
		{Group: "networking.k8s.io", Resource: "networkpolicies", Kind: "NetworkPolicy", Namespaced: true},
		{Group: "policy", Resource: "poddisruptionbudgets", Kind: "PodDisruptionBudget", Namespaced: true},
	}
}
