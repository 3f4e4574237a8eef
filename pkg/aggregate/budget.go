package aggregate

import (
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// budget does not list disrupted pods: their names mean nothing outside of a member.
func budget(s Source, current policyv1.PodDisruptionBudgetStatus, parts []part[policyv1.PodDisruptionBudgetStatus]) policyv1.PodDisruptionBudgetStatus {
	if stands(s, current.ObservedGeneration, parts) {
		return current
	}
	var total policyv1.PodDisruptionBudgetStatus
	for i := range parts {
		if parts[i].Leaving {
			continue
		}
		status := &parts[i].status
		total.DisruptionsAllowed = plus(total.DisruptionsAllowed, status.DisruptionsAllowed)
		total.CurrentHealthy = plus(total.CurrentHealthy, status.CurrentHealthy)
		total.DesiredHealthy = plus(total.DesiredHealthy, status.DesiredHealthy)
		total.ExpectedPods = plus(total.ExpectedPods, status.ExpectedPods)
	}
	total.ObservedGeneration = observed(s, current.ObservedGeneration, parts, func(p *part[policyv1.PodDisruptionBudgetStatus]) bool {
		return p.status.ObservedGeneration >= p.Generation
	})
	allowed := metav1.Condition{
		Type: policyv1.DisruptionAllowedCondition, Status: metav1.ConditionTrue, Reason: policyv1.SufficientPodsReason,
		ObservedGeneration: total.ObservedGeneration, LastTransitionTime: s.now(),
	}
	if total.DisruptionsAllowed == 0 {
		allowed.Status, allowed.Reason = metav1.ConditionFalse, policyv1.InsufficientPodsReason
	}
	for _, c := range current.Conditions {
		if c.Type == allowed.Type && c.Status == allowed.Status {
			allowed.LastTransitionTime = c.LastTransitionTime
		}
	}
	total.Conditions = []metav1.Condition{allowed}
	return total
}
