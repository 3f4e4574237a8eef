// Package admission is the part of propagation that the federation API does by itself, as data: policies that put the finalizer on what is
// federated in the very write that makes it, that note when a deletion shall leave copies where they are, and that refuse one which cannot.
package admission

import (
	"slices"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	// PolicyName is that of the policy, and of its binding, for what is federated without being marked.
	PolicyName = "federation-propagation"
	// CustomKinds names the ConfigMap of kube-system that says which custom kinds are federated: keys are RESOURCE.GROUP, values
	// StateFederated or others, which count as not federated. Without it none is.
	CustomKinds = "federation-custom-kinds"
	// StateFederated is the value of a custom kind that is federated.
	StateFederated = "federated"
	// CustomKindsRole names the ClusterRole with what the controller manager may do with custom kinds.
	CustomKindsRole = "federation:custom-kinds"
)

// reserved are the groups below a domain that kube-apiserver serves by itself, and our own.
var reserved = []string{
	fedv1beta1.GroupName,
	"admissionregistration.k8s.io",
	"apiextensions.k8s.io",
	"apiregistration.k8s.io",
	"authentication.k8s.io",
	"authorization.k8s.io",
	"certificates.k8s.io",
	"coordination.k8s.io",
	"discovery.k8s.io",
	"events.k8s.io",
	"flowcontrol.apiserver.k8s.io",
	"imagepolicy.k8s.io",
	"internal.apiserver.k8s.io",
	"networking.k8s.io",
	"node.k8s.io",
	"rbac.authorization.k8s.io",
	"resource.k8s.io",
	"scheduling.k8s.io",
	"storage.k8s.io",
	"storagemigration.k8s.io",
}

// Reserved says that custom kinds of a group are not federated: the API server has the group for itself, and rights to it would be rights
// to the federation API's own machinery.
func Reserved(group string) bool { return slices.Contains(reserved, group) }
