package aggregate

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// autoscaler sums up replicas; of metrics it has the mean over replicas, which for averages is that of all pods.
func autoscaler(
	s Source, current autoscalingv2.HorizontalPodAutoscalerStatus, parts []part[autoscalingv2.HorizontalPodAutoscalerStatus],
) autoscalingv2.HorizontalPodAutoscalerStatus {
	var total autoscalingv2.HorizontalPodAutoscalerStatus
	if recalls(parts) {
		total.LastScaleTime = current.LastScaleTime
	}
	var means means
	for i := range parts {
		p := &parts[i]
		if p.Leaving {
			continue
		}
		if !p.seen && p.Known != nil {
			p.status.CurrentReplicas, p.status.DesiredReplicas = p.Known.Ready, p.Known.Ready
		}
		total.CurrentReplicas = plus(total.CurrentReplicas, p.status.CurrentReplicas)
		total.DesiredReplicas = plus(total.DesiredReplicas, p.status.DesiredReplicas)
		total.LastScaleTime = latest(total.LastScaleTime, p.status.LastScaleTime)
		for _, m := range p.status.CurrentMetrics {
			means.add(m, p.status.CurrentReplicas)
		}
	}
	total.CurrentMetrics = means.metrics()
	if stands(s, generationOf(current.ObservedGeneration), parts) {
		total.CurrentMetrics = current.CurrentMetrics
	}
	generation := observed(s, generationOf(current.ObservedGeneration), parts, func(p *part[autoscalingv2.HorizontalPodAutoscalerStatus]) bool {
		return generationOf(p.status.ObservedGeneration) >= p.Generation
	})
	if generation > 0 {
		total.ObservedGeneration = &generation
	}
	for _, t := range []autoscalingv2.HorizontalPodAutoscalerConditionType{
		autoscalingv2.AbleToScale, autoscalingv2.ScalingActive, autoscalingv2.ScalingLimited,
	} {
		c, ok := autoscalerCondition(parts, t)
		if !ok {
			continue
		}
		c.LastTransitionTime = s.now()
		for _, before := range current.Conditions {
			if before.Type == c.Type && before.Status == c.Status {
				c.LastTransitionTime = before.LastTransitionTime
			}
		}
		total.Conditions = append(total.Conditions, c)
	}
	return total
}

// autoscalerCondition is true when it is in all members that have it. Otherwise it has the reason of the first one where it is not.
func autoscalerCondition(
	parts []part[autoscalingv2.HorizontalPodAutoscalerStatus], t autoscalingv2.HorizontalPodAutoscalerConditionType,
) (all autoscalingv2.HorizontalPodAutoscalerCondition, ok bool) {
	var not []saying
	for i := range parts {
		if parts[i].Leaving {
			continue
		}
		for _, c := range parts[i].status.Conditions {
			if c.Type != t {
				continue
			}
			if !ok || c.Status != corev1.ConditionTrue && len(not) == 0 {
				all, ok = c, true
			}
			if c.Status != corev1.ConditionTrue {
				not = append(not, saying{parts[i].Member, c.Message})
			}
		}
	}
	if len(not) > 0 {
		all.Message = sayings(not)
	}
	return all, ok
}

func generationOf(g *int64) int64 {
	if g == nil {
		return 0
	}
	return *g
}
