package cluster

import (
	"encoding/json"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// labelOwner is the field manager of the labels that say where a member runs.
const labelOwner = "federation-controller-manager-topology"

// topologyLabels returns the labels that follow from a status.
func topologyLabels(s fedv1beta1.ClusterStatus) map[string]string {
	labels := map[string]string{}
	if s.Region != "" {
		labels[corev1.LabelTopologyRegion] = s.Region
	}
	if len(s.Zones) == 1 {
		labels[corev1.LabelTopologyZone] = s.Zones[0]
	}
	for _, zone := range s.Zones {
		labels[fedv1beta1.LabelZonePrefix+zone] = "true"
	}
	return labels
}

// labelsToApply returns what to apply so that the Cluster has the labels that are wanted, without those that somebody else has set to
// something else: they stay as they are. It is nil if all is as it should be.
func labelsToApply(cluster *fedv1beta1.Cluster, want map[string]string) map[string]string {
	ours, others := labelOwners(cluster.ManagedFields)
	apply := map[string]string{}
	settled := true
	for key, value := range want {
		have, there := cluster.Labels[key]
		if there && have != value && others[key] {
			continue
		}
		apply[key] = value
		settled = settled && have == value && ours[key]
	}
	if settled && maps.Equal(ours, keys(apply)) {
		return nil
	}
	return apply
}

func keys(m map[string]string) map[string]bool {
	set := make(map[string]bool, len(m))
	for key := range m {
		set[key] = true
	}
	return set
}

// labelOwners tells which labels we own, and which are owned by others; some may be both.
func labelOwners(entries []metav1.ManagedFieldsEntry) (ours, others map[string]bool) {
	ours, others = map[string]bool{}, map[string]bool{}
	for _, entry := range entries {
		if entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Metadata struct {
				Labels map[string]json.RawMessage `json:"f:labels"`
			} `json:"f:metadata"`
		}
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			continue // written by the API server: it is a form that we do not know, and the API server will judge
		}
		of := others
		if entry.Manager == labelOwner && entry.Operation == metav1.ManagedFieldsOperationApply {
			of = ours
		}
		for field := range fields.Metadata.Labels {
			if key, ok := strings.CutPrefix(field, "f:"); ok {
				of[key] = true
			}
		}
	}
	return ours, others
}
