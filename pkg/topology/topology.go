// Package topology says where a cluster is, by the labels of its nodes.
package topology

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// mostPlaces are as many zones, or regions, as are told apart: what comes of them becomes labels and status of one object.
const mostPlaces = 256

// Topology is where the nodes of a cluster are.
type Topology struct {
	Nodes  int32
	Zones  []string // sorted
	Region string   // the one that most nodes have; of several, the first by name; "": none says
}

// Census counts nodes by their labels. Its zero value has counted none.
type Census struct {
	nodes   int32
	zones   map[string]bool
	regions map[string]int
}

// Count adds a node. Its old labels count where it has no new ones; one without any is in no zone. What is no label's value is no
// place either: a cluster that is not ours to trust may say anything.
func (c *Census) Count(labels map[string]string) {
	if c.nodes++; c.nodes == 1 {
		c.zones, c.regions = map[string]bool{}, map[string]int{}
	}
	if zone := cmp.Or(labels[corev1.LabelTopologyZone], labels[corev1.LabelFailureDomainBetaZone]); counts(c.zones, zone) {
		c.zones[zone] = true
	}
	if region := cmp.Or(labels[corev1.LabelTopologyRegion], labels[corev1.LabelFailureDomainBetaRegion]); counts(c.regions, region) {
		c.regions[region]++
	}
}

// counts tells whether a place is one, and there is room for it.
func counts[T any](places map[string]T, place string) bool {
	_, known := places[place]
	return known || place != "" && len(places) < mostPlaces && len(validation.IsValidLabelValue(place)) == 0
}

// Topology is where the nodes are that were counted.
func (c *Census) Topology() Topology {
	t := Topology{Nodes: c.nodes, Zones: slices.Sorted(maps.Keys(c.zones))}
	for _, region := range slices.Sorted(maps.Keys(c.regions)) {
		if c.regions[region] > c.regions[t.Region] {
			t.Region = region
		}
	}
	return t
}
