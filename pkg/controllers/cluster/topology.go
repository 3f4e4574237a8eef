package cluster

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// topology is where a member's nodes are.
type topology struct {
	nodes  int32
	zones  []string // sorted
	region string   // the one that most nodes have; of several, the first by name
}

// census counts nodes by their labels.
type census struct {
	nodes   int32
	zones   map[string]bool
	regions map[string]int
}

func newCensus() *census {
	return &census{zones: map[string]bool{}, regions: map[string]int{}}
}

// count adds a node. One without labels is in no zone.
func (c *census) count(labels map[string]string) {
	c.nodes++
	if zone := first(labels, corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone); zone != "" {
		c.zones[zone] = true
	}
	if region := first(labels, corev1.LabelTopologyRegion, corev1.LabelFailureDomainBetaRegion); region != "" {
		c.regions[region]++
	}
}

func (c *census) topology() *topology {
	t := &topology{nodes: c.nodes, zones: slices.Sorted(maps.Keys(c.zones))}
	for _, region := range slices.Sorted(maps.Keys(c.regions)) {
		if c.regions[region] > c.regions[t.region] {
			t.region = region
		}
	}
	return t
}

func first(labels map[string]string, keys ...string) string {
	for _, key := range keys {
		if v := labels[key]; v != "" {
			return v
		}
	}
	return ""
}
