// Package dnsview says which names the Services of a federation have, where they lead, and why not elsewhere; and it takes members out of them.
// What the names are is computed from the federation API alone: no DNS provider is asked.
package dnsview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// ErrNoZone is returned where the federation has no DNS zone, and so no names.
var ErrNoZone = errors.New("the federation has no DNS zone")

// API is what is asked of a federation API.
type API struct {
	Kube     kubernetes.Interface // for Services
	Clusters Clusters
	Zones    Zones
}

// Clusters reads the members, and annotates them.
type Clusters interface {
	List(ctx context.Context) (*fedv1beta1.ClusterList, error)
	// Annotate sets one annotation, or takes it off when value is "".
	Annotate(ctx context.Context, name, key, value string) (*fedv1beta1.Cluster, error)
}

// Zones lists the DNS zones.
type Zones interface {
	Zones(ctx context.Context) (*fedv1beta1.DNSZoneList, error)
}

// Connect makes the clients. It does not yet talk to the API.
func Connect(config *rest.Config) (API, error) {
	api, err := federation.NewAPI(config)
	if err != nil {
		return API{}, err
	}
	return API{Kube: api.Kube(), Clusters: api, Zones: api}, nil
}

// View is what the federation API said at one moment.
type View struct {
	Federation string
	Zones      []Zone // sorted by name; there is one at least
	clusters   []fedv1beta1.Cluster
	services   []corev1.Service // sorted by namespace and name
}

// Read asks for the Services of a namespace, or of all with metav1.NamespaceAll, and for all that their names depend on. A federation without a
// DNS zone is ErrNoZone.
func Read(ctx context.Context, api API, namespace string) (*View, error) {
	zones, err := ReadZones(ctx, api.Zones)
	if err != nil {
		return nil, err
	}
	if len(zones) == 0 {
		return nil, fmt.Errorf("%w: choose one with fedhelm upgrade FEDERATION --dns-provider=NAME --dns-zone-name=ZONE; if that has been done, fedhelm check "+
			"FEDERATION tells what is wrong with the controller manager, which writes the DNSZones", ErrNoZone)
	}
	v := &View{Federation: zones[0].Federation, Zones: zones}
	clusters, err := api.Clusters.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the Clusters of the federation API: %w", err)
	}
	v.clusters = clusters.Items
	slices.SortFunc(v.clusters, func(a, b fedv1beta1.Cluster) int { return strings.Compare(a.Name, b.Name) })
	if v.services, err = services(ctx, api.Kube, namespace); err != nil {
		return nil, err
	}
	return v, nil
}

func services(ctx context.Context, api kubernetes.Interface, namespace string) ([]corev1.Service, error) {
	list, err := api.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	switch {
	case err != nil && namespace == metav1.NamespaceAll:
		return nil, fmt.Errorf("list Services in all namespaces of the federation API: %w", err)
	case err != nil:
		return nil, fmt.Errorf("list Services in namespace %q of the federation API: %w", namespace, err)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Service) int { return strings.Compare(id(&a), id(&b)) })
	return list.Items, nil
}

// id is NAMESPACE/NAME.
func id(s *corev1.Service) string { return s.Namespace + "/" + s.Name }

// cluster is the member of that name; nil if there is none.
func (v *View) cluster(name string) *fedv1beta1.Cluster {
	for i := range v.clusters {
		if v.clusters[i].Name == name {
			return &v.clusters[i]
		}
	}
	return nil
}

// names are those of all members.
func (v *View) names() []string {
	names := make([]string, 0, len(v.clusters))
	for i := range v.clusters {
		names = append(names, v.clusters[i].Name)
	}
	return names
}

// members are those that have places: one that leaves has none.
func (v *View) members() []dns.Member {
	var members []dns.Member
	for i := range v.clusters {
		if c := &v.clusters[i]; !leaves(c) {
			members = append(members, memberOf(c))
		}
	}
	return members
}

func memberOf(c *fedv1beta1.Cluster) dns.Member {
	return dns.Member{Name: c.Name, Region: c.Status.Region, Zones: c.Status.Zones}
}

func leaves(c *fedv1beta1.Cluster) bool {
	_, leaving := c.Annotations[fedv1beta1.AnnotationLeaving]
	return leaving || c.DeletionTimestamp != nil
}

// unknownCluster is the error for a name that no member has.
func (v *View) unknownCluster(name string) error {
	if len(v.clusters) == 0 {
		return fmt.Errorf("federation %q has no cluster %q: it has none at all", v.Federation, name)
	}
	return fmt.Errorf("federation %q has no cluster %q; it has: %s", v.Federation, name, strings.Join(v.names(), ", "))
}
