package cluster

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestTopologyLabels(t *testing.T) {
	type labels = map[string]string
	tests := []struct {
		name   string
		status fedv1beta1.ClusterStatus
		want   labels
	}{
		{name: "nothing known", want: labels{}},
		{
			name: "one zone", status: fedv1beta1.ClusterStatus{Region: "r", Zones: []string{"a"}},
			want: labels{corev1.LabelTopologyRegion: "r", corev1.LabelTopologyZone: "a", fedv1beta1.LabelZonePrefix + "a": "true"},
		},
		{
			name: "of two zones none is the zone", status: fedv1beta1.ClusterStatus{Zones: []string{"a", "b"}},
			want: labels{fedv1beta1.LabelZonePrefix + "a": "true", fedv1beta1.LabelZonePrefix + "b": "true"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := topologyLabels(tt.status); !maps.Equal(got, tt.want) {
				t.Errorf("labels %v, want %v", got, tt.want)
			}
		})
	}
}

func TestLabelsToApply(t *testing.T) {
	type labels = map[string]string
	owned := func(manager string, operation metav1.ManagedFieldsOperationType, keys ...string) metav1.ManagedFieldsEntry {
		raw := `{"f:metadata":{"f:labels":{".":{}`
		for _, key := range keys {
			raw += `,"f:` + key + `":{}`
		}
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, FieldsV1: metav1.NewFieldsV1(raw + "}}}")}
	}
	ours := func(keys ...string) metav1.ManagedFieldsEntry {
		return owned(labelOwner, metav1.ManagedFieldsOperationApply, keys...)
	}
	theirs := func(keys ...string) metav1.ManagedFieldsEntry {
		return owned("kubectl-label", metav1.ManagedFieldsOperationUpdate, keys...)
	}
	tests := []struct {
		name   string
		have   labels
		fields []metav1.ManagedFieldsEntry
		want   labels
		apply  labels // nil for nothing to do
	}{
		{name: "labels that are missing", want: labels{"region": "r"}, apply: labels{"region": "r"}},
		{name: "labels that are there and ours", have: labels{"region": "r"}, fields: []metav1.ManagedFieldsEntry{ours("region")}, want: labels{"region": "r"}},
		{name: "nothing wanted and nothing there", want: labels{}},
		{name: "one that changes", have: labels{"region": "r"}, fields: []metav1.ManagedFieldsEntry{ours("region")}, want: labels{"region": "s"}, apply: labels{"region": "s"}},
		{name: "one that goes", have: labels{"region": "r", "zone": "a"}, fields: []metav1.ManagedFieldsEntry{ours("region", "zone")}, want: labels{"region": "r"}, apply: labels{"region": "r"}},
		{name: "the last one goes", have: labels{"zone": "a"}, fields: []metav1.ManagedFieldsEntry{ours("zone")}, want: labels{}, apply: labels{}},
		{name: "the user's value stays", have: labels{"region": "mine"}, fields: []metav1.ManagedFieldsEntry{theirs("region")}, want: labels{"region": "r"}},
		{
			name: "and does not keep the others out", have: labels{"region": "mine"}, fields: []metav1.ManagedFieldsEntry{theirs("region")},
			want: labels{"region": "r", "zone": "a"}, apply: labels{"zone": "a"},
		},
		{
			name: "a value that we share with the user stays when ours changes", have: labels{"region": "r"},
			fields: []metav1.ManagedFieldsEntry{ours("region"), theirs("region")}, want: labels{"region": "s"}, apply: labels{},
		},
		{name: "the user's other labels are none of ours", have: labels{"env": "prod"}, fields: []metav1.ManagedFieldsEntry{theirs("env")}, want: labels{}},
		{name: "managed fields that nobody understands", have: labels{"region": "r"}, fields: []metav1.ManagedFieldsEntry{
			{Manager: "x", FieldsV1: metav1.NewFieldsV1("?")}, {Manager: "y"},
		}, want: labels{"region": "r"}, apply: labels{"region": "r"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Labels: tt.have, ManagedFields: tt.fields}}
			got := labelsToApply(c, tt.want)
			if (got == nil) != (tt.apply == nil) || !maps.Equal(got, tt.apply) {
				t.Errorf("labelsToApply = %v, want %v", got, tt.apply)
			}
		})
	}
}
