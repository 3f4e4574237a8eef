package aggregate

import (
	"encoding/json"
	"maps"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
)

// means are those of the metrics of autoscalers, by what the metric is of.
type means map[string]*mean

// mean is that of one metric. Numbers are kept as floating-point: a mean is for people to look at, the members do the scaling.
type mean struct {
	metric                           autoscalingv2.MetricStatus // of the first member that has it
	weight, value, average, percent  float64
	hasValue, hasAverage, hasPercent bool
}

// add counts a metric as often as the member has replicas; where there are none, hardly.
func (m *means) add(metric autoscalingv2.MetricStatus, replicas int32) {
	of := metric.DeepCopy()
	current := valueOf(of)
	if current == nil {
		return
	}
	value := *current
	*current = autoscalingv2.MetricValueStatus{}
	key, _ := json.Marshal(of) // has nothing that cannot be encoded
	if *m == nil {
		*m = means{}
	}
	x := (*m)[string(key)]
	if x == nil {
		x = &mean{metric: *of}
		(*m)[string(key)] = x
	}
	weight := max(float64(replicas), 1e-6)
	x.weight += weight
	if value.Value != nil {
		x.value, x.hasValue = x.value+weight*value.Value.AsApproximateFloat64(), true
	}
	if value.AverageValue != nil {
		x.average, x.hasAverage = x.average+weight*value.AverageValue.AsApproximateFloat64(), true
	}
	if value.AverageUtilization != nil {
		x.percent, x.hasPercent = x.percent+weight*float64(*value.AverageUtilization), true
	}
}

// metrics are in an order that depends on nothing but what they are of.
func (m *means) metrics() []autoscalingv2.MetricStatus {
	if len(*m) == 0 {
		return nil // which is not the same as an empty list to the API
	}
	all := make([]autoscalingv2.MetricStatus, 0, len(*m))
	for _, key := range slices.Sorted(maps.Keys(*m)) {
		x := (*m)[key]
		current := valueOf(&x.metric)
		if x.hasValue {
			current.Value = quantity(x.value / x.weight)
		}
		if x.hasAverage {
			current.AverageValue = quantity(x.average / x.weight)
		}
		if x.hasPercent {
			current.AverageUtilization = new(int32(x.percent/x.weight + 0.5))
		}
		all = append(all, x.metric)
	}
	return all
}

func quantity(f float64) *resource.Quantity {
	return resource.NewMilliQuantity(int64(f*1000+0.5), resource.DecimalSI)
}

// valueOf is what the metric is now; nil if it is of a type that is not known here.
func valueOf(m *autoscalingv2.MetricStatus) *autoscalingv2.MetricValueStatus {
	switch {
	case m.Object != nil:
		return &m.Object.Current
	case m.Pods != nil:
		return &m.Pods.Current
	case m.Resource != nil:
		return &m.Resource.Current
	case m.ContainerResource != nil:
		return &m.ContainerResource.Current
	case m.External != nil:
		return &m.External.Current
	default:
		return nil
	}
}
