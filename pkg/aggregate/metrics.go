package aggregate

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
)

// means are those of the metrics of autoscalers, by what the metric is of.
type means map[string]*mean

// mean is that of one metric. Numbers are kept as floating-point: a mean is for people to look at, the members do the scaling.
type mean struct {
	metric                  autoscalingv2.MetricStatus // of the first member that has it
	value, average, percent weighted
}

// weighted is the mean of numbers that weigh differently. One number of a metric may be missing in members that have another.
type weighted struct{ sum, weight float64 }

func (w *weighted) add(number, weight float64) {
	w.sum += weight * number
	w.weight += weight
}

// mean is not ok where nothing was added.
func (w *weighted) mean() (mean float64, ok bool) { return w.sum / w.weight, w.weight > 0 }

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
	if value.Value != nil {
		x.value.add(value.Value.AsApproximateFloat64(), weight)
	}
	if value.AverageValue != nil {
		x.average.add(value.AverageValue.AsApproximateFloat64(), weight)
	}
	if value.AverageUtilization != nil {
		x.percent.add(float64(*value.AverageUtilization), weight)
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
		if mean, ok := x.value.mean(); ok {
			current.Value = quantity(mean)
		}
		if mean, ok := x.average.mean(); ok {
			current.AverageValue = quantity(mean)
		}
		if mean, ok := x.percent.mean(); ok {
			current.AverageUtilization = new(int32(math.Round(mean)))
		}
		all = append(all, x.metric)
	}
	return all
}

// quantity has thousandths only of what is not too large for them.
func quantity(f float64) *resource.Quantity {
	const most = 1<<63 - 1<<10 // the largest number that both a float64 and an int64 can have
	if f = max(-most, min(f, most)); math.Abs(f) > most/1000 {
		return resource.NewQuantity(int64(f), resource.DecimalSI)
	}
	return resource.NewMilliQuantity(int64(math.Round(f*1000)), resource.DecimalSI)
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
