// Package roster lists the members of a federation, from both places that know of them: its API, which has a Cluster for each,
// and its host cluster, which has their credentials. A member that only one of them knows is half joined, or half gone.
package roster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// Clusters lists what the federation API has registered.
type Clusters interface {
	List(ctx context.Context) (*fedv1beta1.ClusterList, error)
}

// Member is a cluster that the federation knows.
type Member struct {
	Name    string
	Cluster *fedv1beta1.Cluster // its registration; nil: the federation API has none, or was not asked
	Secrets []Secret            // of the host cluster that are labelled for it; usually one
}

// Secret is a Secret with a member's credentials. Its content is not kept.
type Secret struct {
	Name    string
	Created metav1.Time
}

// List returns the members, sorted by name. Of clusters nil, only what the host cluster knows is listed.
func List(ctx context.Context, host kubernetes.Interface, ref federation.Ref, clusters Clusters) ([]Member, error) {
	members := map[string]*Member{}
	named := func(name string) *Member {
		if members[name] == nil {
			members[name] = &Member{Name: name}
		}
		return members[name]
	}
	if clusters != nil {
		registered, err := clusters.List(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the Clusters of federation %q: %w", ref.Name, err)
		}
		for i := range registered.Items {
			named(registered.Items[i].Name).Cluster = &registered.Items[i]
		}
	}
	selector := labels.Set{fedv1beta1.LabelFederation: ref.Name}.String() + "," + fedv1beta1.LabelCluster
	secrets, err := host.CoreV1().Secrets(ref.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list the members' Secrets in namespace %q: %w", ref.Namespace, err)
	}
	for i := range secrets.Items {
		s := &secrets.Items[i]
		m := named(s.Labels[fedv1beta1.LabelCluster])
		m.Secrets = append(m.Secrets, Secret{Name: s.Name, Created: s.CreationTimestamp})
	}
	list := make([]Member, 0, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		list = append(list, *members[name])
	}
	return list, nil
}
