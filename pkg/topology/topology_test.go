package topology

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestTopology(t *testing.T) {
	in := func(region, zone string) map[string]string {
		return map[string]string{corev1.LabelTopologyRegion: region, corev1.LabelTopologyZone: zone}
	}
	once := func(region, zone string) map[string]string {
		return map[string]string{corev1.LabelFailureDomainBetaRegion: region, corev1.LabelFailureDomainBetaZone: zone}
	}
	both := in("west", "west-a")
	both[corev1.LabelFailureDomainBetaZone], both[corev1.LabelFailureDomainBetaRegion] = "elsewhere", "elsewhere"
	tests := []struct {
		name  string
		nodes []map[string]string
		want  Topology
	}{
		{name: "no nodes are nowhere"},
		{name: "zones are sorted, each once", nodes: []map[string]string{in("west", "west-b"), in("west", "west-a"), in("west", "west-b")}, want: Topology{Nodes: 3, Zones: []string{"west-a", "west-b"}, Region: "west"}},
		{name: "old labels count", nodes: []map[string]string{once("west", "west-a")}, want: Topology{Nodes: 1, Zones: []string{"west-a"}, Region: "west"}},
		{name: "new labels go before old ones", nodes: []map[string]string{both}, want: Topology{Nodes: 1, Zones: []string{"west-a"}, Region: "west"}},
		{name: "nodes without labels are left out", nodes: []map[string]string{nil, in("west", "west-a")}, want: Topology{Nodes: 2, Zones: []string{"west-a"}, Region: "west"}},
		{name: "the region of most nodes", nodes: []map[string]string{in("east", "e"), in("west", "w"), in("west", "w")}, want: Topology{Nodes: 3, Zones: []string{"e", "w"}, Region: "west"}},
		{name: "what is no label's value is no place", nodes: []map[string]string{in("we\x1b[31mst", "a b"), in("-", strings.Repeat("z", 64)), in("west", "west-a")}, want: Topology{Nodes: 3, Zones: []string{"west-a"}, Region: "west"}},
		{name: "of as many the first by name", nodes: []map[string]string{in("west", "w"), in("east", "e")}, want: Topology{Nodes: 2, Zones: []string{"e", "w"}, Region: "east"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Census
			for _, labels := range tt.nodes {
				c.Count(labels)
			}
			if diff := cmp.Diff(tt.want, c.Topology()); diff != "" {
				t.Errorf("Topology (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTopologyHasAnEnd(t *testing.T) {
	var c Census
	for i := range 10_000 {
		c.Count(map[string]string{corev1.LabelTopologyZone: fmt.Sprintf("zone-%d", i), corev1.LabelTopologyRegion: fmt.Sprintf("region-%d", i)})
	}
	c.Count(map[string]string{corev1.LabelTopologyZone: "zone-0", corev1.LabelTopologyRegion: "region-1"})
	got := c.Topology()
	if got.Nodes != 10_001 || len(got.Zones) != mostPlaces || got.Region != "region-1" {
		t.Errorf("%d nodes in %d zones, region %s", got.Nodes, len(got.Zones), got.Region)
	}
}
