package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DNSZone says how it stands with a DNS zone that has the federation's names. The controller manager writes one for each zone that it is told
// of on its command line: what is changed here is put back, but for annotations.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=dnszones,singular=dnszone,scope=Cluster,categories=federation
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.spec.provider`
// +kubebuilder:printcolumn:name="Names",type=integer,JSONPath=`.status.names`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Zone",type=string,JSONPath=`.spec.zone`,priority=1
// +kubebuilder:printcolumn:name="Suffix",type=string,JSONPath=`.spec.suffix`,priority=1
// +kubebuilder:printcolumn:name="Records",type=integer,JSONPath=`.status.records`,priority=1
// +kubebuilder:printcolumn:name="Servers",type=string,JSONPath=`.status.servers`,priority=1
type DNSZone struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the controller manager was told of the zone.
	Spec DNSZoneSpec `json:"spec"`
	// Status is how it stands with the zone.
	Status DNSZoneStatus `json:"status,omitempty"`
}

// DNSZoneSpec is what the controller manager was told of a zone.
type DNSZoneSpec struct {
	// Provider serves the zone: google-clouddns, aws-route53, coredns or rfc2136.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Provider string `json:"provider"`

	// Zone is its name, with a dot at the end.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=254
	Zone string `json:"zone"`

	// Suffix is what the names in it end with: the zone's name, or one below it. With a dot at the end.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=254
	Suffix string `json:"suffix"`

	// Federation is the name of the federation, which is a label of all names in the zone.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Federation string `json:"federation"`

	// TTL is for how many seconds records may be kept by who asked for them, where their Service does not say otherwise.
	//
	// +kubebuilder:validation:Minimum=1
	TTL int32 `json:"ttl"`
}

// DNSZoneStatus is how it stands with a zone.
type DNSZoneStatus struct {
	// Conditions are Ready, and RecordsHeld while records stay that nobody asks for any more.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// ZoneID is the provider's id of the zone.
	//
	// +optional
	ZoneID string `json:"zoneID,omitempty"`

	// Names is how many names of Services there are in the zone.
	//
	// +optional
	Names int32 `json:"names,omitempty"`

	// Records is how many record sets these names have, without the marks.
	//
	// +optional
	Records int32 `json:"records,omitempty"`

	// Servers are the addresses (host:port) of DNS servers that can be asked for the zone, where the federation has its own or was told of one.
	//
	// +optional
	// +listType=atomic
	Servers []string `json:"servers,omitempty"`

	// LastSyncTime is when all records of the zone were last compared with those wanted. It is written a few minutes late when nothing else
	// has changed.
	//
	// +optional
	LastSyncTime *metav1.Time `json:"lastSyncTime,omitempty"`
}

// DNSZoneList is a list of DNSZones.
//
// +kubebuilder:object:root=true
type DNSZoneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []DNSZone `json:"items"`
}
