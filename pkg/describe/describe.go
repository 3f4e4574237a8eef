// Package describe gathers how one object of a federation fares in all members, from the federation API alone.
package describe

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// API is what is asked of a federation API.
type API struct {
	Server   string // URL, for messages
	Kinds    discovery.DiscoveryInterface
	Objects  dynamic.Interface
	Events   kubernetes.Interface
	Clusters Clusters
}

// Clusters lists the members.
type Clusters interface {
	List(ctx context.Context) (*fedv1beta1.ClusterList, error)
}

// Connect makes the clients. It does not yet talk to the API.
func Connect(config *rest.Config) (API, error) {
	clusters, err := federation.NewAPI(config)
	if err != nil {
		return API{}, err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return API{}, fmt.Errorf("make a client for the federation API: %w", err)
	}
	return API{Server: config.Host, Kinds: clusters.Kube().Discovery(), Objects: objects, Events: clusters.Kube(), Clusters: clusters}, nil
}

// Request names an object.
type Request struct {
	// Resource is what kubectl would take: a plural, a singular, a short name or a kind, with the group, and the version before it, or not.
	Resource string
	// Namespace is that of kinds that have one; others do not look at it.
	Namespace string
	Name      string
}

// Description is how an object fares. Scripts read its fields: they stay.
type Description struct {
	Kind      string    `json:"kind"`
	Resource  string    `json:"resource"` // with the group
	Namespace string    `json:"namespace,omitempty"`
	Name      string    `json:"name"`
	UID       string    `json:"uid"`
	Created   time.Time `json:"created"`
	Deleting  bool      `json:"deleting,omitempty"` // the object waits for its copies to go
	Federated bool      `json:"federated"`          // the object goes into members
	// Selector and Preferences are the user's annotations, as they are.
	Selector    string   `json:"selector,omitempty"`
	Preferences string   `json:"preferences,omitempty"`
	Propagation string   `json:"propagation,omitempty"` // the sum of it, for people
	Problems    []string `json:"problems,omitempty"`    // why less than all can be said
	Members     []Member `json:"members"`
	Unnamed     int      `json:"unnamed,omitempty"` // members that something is to be said of, which the object does not name: there are too many
	NotSelected []string `json:"notSelected,omitempty"`
	Events      []Event  `json:"events"`
}

// Gather asks the federation API about an object. A selector that is malformed, an annotation that cannot be read, and events that may
// not be listed, are no errors: the Description says so.
func Gather(ctx context.Context, api API, r Request) (Description, error) {
	mapping, err := resolve(api.Kinds, r.Resource)
	if err != nil {
		return Description{}, err
	}
	namespace := r.Namespace
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		namespace = ""
	}
	resource := mapping.Resource.GroupResource().String()
	o, err := api.Objects.Resource(mapping.Resource).Namespace(namespace).Get(ctx, r.Name, metav1.GetOptions{})
	switch {
	case err != nil && namespace == "":
		return Description{}, fmt.Errorf("look at %s %q in the federation API: %w", resource, r.Name, err)
	case err != nil:
		return Description{}, fmt.Errorf("look at %s %q in namespace %q of the federation API: %w", resource, r.Name, namespace, err)
	}
	clusters, err := api.Clusters.List(ctx)
	if err != nil {
		return Description{}, fmt.Errorf("list the Clusters of the federation API: %w", err)
	}
	d := Description{
		Kind: o.GetKind(), Resource: resource, Namespace: o.GetNamespace(), Name: o.GetName(), UID: string(o.GetUID()), Created: o.GetCreationTimestamp().UTC(),
		Deleting: o.GetDeletionTimestamp() != nil,
		Selector: o.GetAnnotations()[fedv1beta1.AnnotationV1ClusterSelector], Preferences: preferencesOf(o),
		Propagation: o.GetAnnotations()[fedv1beta1.AnnotationPropagation],
		Members:     []Member{},
	}
	kind := kindOf(mapping)
	d.Federated = federated(kind, o, d.Propagation)
	if d.Federated {
		d.standing(kind, o, clusters.Items)
	}
	if d.Events, err = events(ctx, api.Events, o); err != nil {
		d.Problems = append(d.Problems, err.Error())
	}
	return d, ctx.Err()
}

// kindOf is the kind as the federation knows it. Nothing is divided of those that it does not know by itself.
func kindOf(mapping *meta.RESTMapping) kinds.Kind {
	for _, k := range kinds.Default() {
		if k.GroupResource() == mapping.Resource.GroupResource() {
			return k
		}
	}
	return kinds.Kind{
		Group: mapping.Resource.Group, Version: mapping.Resource.Version, Resource: mapping.Resource.Resource,
		Kind: mapping.GroupVersionKind.Kind, Namespaced: mapping.Scope.Name() == meta.RESTScopeNameNamespace,
	}
}

// federated goes by the finalizer, which every object gets that goes into members, and keeps until it is in none.
func federated(k kinds.Kind, o *unstructured.Unstructured, propagation string) bool {
	if !kinds.Federated(k, o) {
		return false
	}
	for _, finalizer := range o.GetFinalizers() {
		if finalizer == fedv1beta1.FinalizerPropagation {
			return true
		}
	}
	return propagation != ""
}

// preferencesOf is the annotation of the kind; an object has no more than one of them.
func preferencesOf(o *unstructured.Unstructured) string {
	for _, name := range []string{
		fedv1beta1.AnnotationV1DeploymentPreferences, fedv1beta1.AnnotationV1ReplicaSetPreferences, fedv1beta1.AnnotationV1JobPreferences,
	} {
		if preferences := o.GetAnnotations()[name]; preferences != "" {
			return preferences
		}
	}
	return ""
}
