// Package v1beta1 is the API that a federation adds to Kubernetes' own: the
// types Cluster and DNSZone, and the names of the labels, annotations, conditions and reasons
// by which the control plane and its users understand each other.
//
// The deep-copy functions and the CustomResourceDefinitions are generated from
// the types: after changing one, run make generate.
//
// +kubebuilder:object:generate=true
// +groupName=federation.fedhelm.io
package v1beta1
