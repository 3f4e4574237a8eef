package join

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
)

// topology is where the member's nodes are, as far as names lead there.
type topology struct {
	zone   string // the only one; "" when there are several or none
	region string // the one that most nodes have; "": none
}

// topologyOf reads the labels of the nodes, and nothing else of them.
func topologyOf(ctx context.Context, objects metadata.Interface) (topology, error) {
	nodes, err := objects.Resource(corev1.SchemeGroupVersion.WithResource("nodes")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return topology{}, fmt.Errorf("list the member's nodes: %w", err)
	}
	zones, regions := map[string]int{}, map[string]int{}
	for i := range nodes.Items {
		labels := nodes.Items[i].Labels
		zones[cmp.Or(labels[corev1.LabelTopologyZone], labels[corev1.LabelFailureDomainBetaZone])]++
		regions[cmp.Or(labels[corev1.LabelTopologyRegion], labels[corev1.LabelFailureDomainBetaRegion])]++
	}
	delete(zones, "")
	delete(regions, "")
	var t topology
	if len(zones) == 1 {
		t.zone = slices.Collect(maps.Keys(zones))[0]
	}
	for _, region := range slices.Sorted(maps.Keys(regions)) { // of equals the first by name
		if regions[region] > regions[t.region] {
			t.region = region
		}
	}
	return t, nil
}
