package aggregate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
)

func TestMeansOfMetrics(t *testing.T) {
	tests := []struct {
		name    string
		members []string // currentReplicas, a blank, and what the metric is now
		want    string
	}{
		{name: "are over replicas", members: []string{`1 {"averageUtilization":90}`, `3 {"averageUtilization":50}`}, want: `{"averageUtilization":60}`},
		{name: "leave out members that do not have the number", members: []string{`1 {"averageValue":"8"}`, `1 {"value":"5"}`}, want: `{"averageValue":"8","value":"5"}`},
		{name: "are rounded to the nearest", members: []string{`1 {"value":"5m"}`, `1 {"value":"5m"}`, `1 {"value":"4m"}`}, want: `{"value":"5m"}`},
		{name: "are so below 0 too", members: []string{`1 {"averageUtilization":-7,"value":"-5"}`}, want: `{"averageUtilization":-7,"value":"-5"}`},
		{name: "of what is large have no thousandths", members: []string{`1 {"value":"20P","averageValue":"-20P"}`}, want: `{"averageValue":"-20P","value":"20P"}`},
		{name: "end at what a number can hold", members: []string{`1 {"value":"1e30","averageValue":"-1e30"}`}, want: `{"averageValue":"-9223372036854774784","value":"9223372036854774784"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var parts []aggregate.Part
			for i, member := range tt.members {
				replicas, now, _ := strings.Cut(member, " ")
				status := `{"currentReplicas":` + replicas + `,"currentMetrics":[{"type":"External","external":{"metric":{"name":"m"},"current":` + now + `}}]}`
				parts = append(parts, has(string(rune('a'+i)), whole, status))
			}
			s := statusOf[autoscalingv2.HorizontalPodAutoscalerStatus](t, source("horizontalpodautoscalers.autoscaling", whole, ""), parts...)
			raw, err := json.Marshal(s.CurrentMetrics[0].External.Current)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decoded(t, tt.want), decoded(t, string(raw))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
