package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Cluster is a member cluster of the federation. Its name is a part of DNS names
// and of label values, so it is an RFC 1035 label.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=clusters,singular=cluster,scope=Cluster,categories=federation
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.status.region`
// +kubebuilder:printcolumn:name="Zones",type=string,JSONPath=`.status.zones`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.kubernetesVersion`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Nodes",type=integer,JSONPath=`.status.nodes`,priority=1
// +kubebuilder:printcolumn:name="Server",type=string,JSONPath=`.spec.serverAddressByClientCIDRs[0].serverAddress`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be an RFC 1035 label: at most 63 lower case letters, digits and '-', beginning with a letter and not ending with '-'"
type Cluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says how the federation reaches the member.
	Spec ClusterSpec `json:"spec"`
	// Status is what the controller manager last saw of the member.
	Status ClusterStatus `json:"status,omitempty"`
}

// ClusterSpec says how the federation reaches the member.
type ClusterSpec struct {
	// ServerAddressByClientCIDRs are the addresses of the member's API server, each
	// with the range of client addresses that should use it. A client uses the entry
	// with the longest range that contains its address, and that without a range otherwise.
	//
	// +listType=map
	// +listMapKey=clientCIDR
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	ServerAddressByClientCIDRs []ServerAddressByClientCIDR `json:"serverAddressByClientCIDRs"`

	// SecretRef names the Secret with the credentials for the member. It lies in the
	// federation's namespace of the host cluster, and is used only if it is labelled
	// for this very Cluster. Without it the member is not asked anything.
	//
	// +optional
	SecretRef *SecretReference `json:"secretRef,omitempty"`
}

// ServerAddressByClientCIDR is one address of an API server, for some clients.
type ServerAddressByClientCIDR struct {
	// ClientCIDR is the range of client addresses, such as 10.0.0.0/8, that should
	// use this address; empty for all that no other entry names.
	//
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self == '' || isCIDR(self)",message="must be empty or a CIDR such as 10.0.0.0/8 or fd00::/8"
	ClientCIDR string `json:"clientCIDR"`

	// ServerAddress is host:port or an https:// URL.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^ \\t\\r\\n]*$') && (!self.contains('://') || self.startsWith('https://'))",message="must be host:port or an https:// URL"
	ServerAddress string `json:"serverAddress"`
}

// SecretReference names a Secret in the federation's namespace of the host cluster.
type SecretReference struct {
	// Name of the Secret.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// ClusterStatus is what the controller manager last saw of a member. All but the
// conditions survives an outage of the member.
type ClusterStatus struct {
	// Conditions are Ready, Offline and CredentialValid; Leaving while the member
	// is being taken out of the federation.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Zones of the member's nodes, sorted.
	//
	// +optional
	// +listType=set
	Zones []string `json:"zones,omitempty"`

	// Region of the member's nodes.
	//
	// +optional
	Region string `json:"region,omitempty"`

	// KubernetesVersion is the version that the member's API server reports, such as v1.36.3.
	//
	// +optional
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`

	// UID of the member: that of its kube-system namespace.
	//
	// +optional
	UID types.UID `json:"uid,omitempty"`

	// Nodes is how many nodes the member has.
	//
	// +optional
	Nodes *int32 `json:"nodes,omitempty"`

	// Credential is what was last used to reach the member.
	//
	// +optional
	Credential *CredentialStatus `json:"credential,omitempty"`
}

// CredentialStatus says by which credential the condition Ready came about.
type CredentialStatus struct {
	// SecretVersion is the resourceVersion of the Secret that it was read from. A newer
	// one is named here only after the member was tried by it.
	//
	// +optional
	SecretVersion string `json:"secretVersion,omitempty"`

	// ExpirationTime is when it ends; absent when that is never, or not known.
	//
	// +optional
	ExpirationTime *metav1.Time `json:"expirationTime,omitempty"`
}

// ClusterList is a list of Clusters.
//
// +kubebuilder:object:root=true
type ClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Cluster `json:"items"`
}
