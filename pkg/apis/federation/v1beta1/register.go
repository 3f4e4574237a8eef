package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of everything in this package, and the prefix of
// its label and annotation names.
const GroupName = "federation.fedhelm.io"

// SchemeGroupVersion is the group and version of the types in this package.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1beta1"}

var schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme makes a scheme know the types of this package.
var AddToScheme = schemeBuilder.AddToScheme

// Resource returns the group resource of that name, as errors want it.
func Resource(name string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(name).GroupResource()
}

func addKnownTypes(s *runtime.Scheme) error {
	s.AddKnownTypes(SchemeGroupVersion, &Cluster{}, &ClusterList{}, &DNSZone{}, &DNSZoneList{})
	metav1.AddToGroupVersion(s, SchemeGroupVersion)
	return nil
}
