package cluster

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTopology(t *testing.T) {
	node := func(zone, region string) map[string]string {
		return map[string]string{corev1.LabelTopologyZone: zone, corev1.LabelTopologyRegion: region}
	}
	old := func(zone, region string) map[string]string {
		return map[string]string{corev1.LabelFailureDomainBetaZone: zone, corev1.LabelFailureDomainBetaRegion: region}
	}
	tests := []struct {
		name   string
		nodes  []map[string]string
		zones  []string
		region string
	}{
		{name: "no nodes"},
		{name: "nodes without labels are left out", nodes: []map[string]string{nil, node("a", "r"), {}}, zones: []string{"a"}, region: "r"},
		{name: "zones are sorted, each once", nodes: []map[string]string{node("b", "r"), node("a", "r"), node("b", "r")}, zones: []string{"a", "b"}, region: "r"},
		{name: "old labels count", nodes: []map[string]string{old("a", "r")}, zones: []string{"a"}, region: "r"},
		{
			name: "new labels win over old ones of the same node", zones: []string{"new"}, region: "new",
			nodes: []map[string]string{{
				corev1.LabelTopologyZone: "new", corev1.LabelTopologyRegion: "new", corev1.LabelFailureDomainBetaZone: "old", corev1.LabelFailureDomainBetaRegion: "old",
			}},
		},
		{name: "the region that most nodes have", nodes: []map[string]string{node("a", "r1"), node("b", "r2"), node("c", "r2")}, zones: []string{"a", "b", "c"}, region: "r2"},
		{name: "of several the first by name", nodes: []map[string]string{node("a", "r2"), node("b", "r1")}, zones: []string{"a", "b"}, region: "r1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCensus()
			for _, labels := range tt.nodes {
				c.count(labels)
			}
			got := c.topology()
			if int(got.nodes) != len(tt.nodes) || !slices.Equal(got.zones, tt.zones) || got.region != tt.region {
				t.Errorf("topology %+v, want %d nodes, zones %q, region %q", got, len(tt.nodes), tt.zones, tt.region)
			}
		})
	}
}
