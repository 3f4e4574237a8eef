package join

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"

	"github.com/fedhelm/fedhelm/pkg/topology"
)

// topologyOf is where the cluster's nodes are. It reads their labels, and nothing else of them.
func topologyOf(ctx context.Context, objects metadata.Interface) (topology.Topology, error) {
	nodes, err := objects.Resource(corev1.SchemeGroupVersion.WithResource("nodes")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return topology.Topology{}, fmt.Errorf("list the member's nodes: %w", err)
	}
	var census topology.Census
	for i := range nodes.Items {
		census.Count(nodes.Items[i].Labels)
	}
	return census.Topology(), nil
}
