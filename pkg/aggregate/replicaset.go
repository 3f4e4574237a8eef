package aggregate

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func replicaSet(s Source, current appsv1.ReplicaSetStatus, parts []part[appsv1.ReplicaSetStatus]) appsv1.ReplicaSetStatus {
	var total appsv1.ReplicaSetStatus
	var failing []saying
	reason := ""
	for i := range parts {
		p := &parts[i]
		status := &p.status
		if !p.seen && p.Known != nil {
			wanted := int32Of(p.Wanted.Replicas)
			ready := min(p.Known.Ready, wanted)
			*status = appsv1.ReplicaSetStatus{Replicas: wanted, FullyLabeledReplicas: wanted, ReadyReplicas: ready, AvailableReplicas: ready}
		}
		replicas := p.counted(status.Replicas, status.ReadyReplicas)
		total.Replicas = plus(total.Replicas, replicas)
		total.FullyLabeledReplicas = plus(total.FullyLabeledReplicas, min(status.FullyLabeledReplicas, replicas))
		total.ReadyReplicas = plus(total.ReadyReplicas, status.ReadyReplicas)
		total.AvailableReplicas = plus(total.AvailableReplicas, status.AvailableReplicas)
		total.TerminatingReplicas = sum(total.TerminatingReplicas, status.TerminatingReplicas)
		for _, c := range status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
				reason = c.Reason
				failing = append(failing, saying{p.Member, c.Message})
			}
		}
	}
	total.ObservedGeneration = observed(s, current.ObservedGeneration, parts, func(p *part[appsv1.ReplicaSetStatus]) bool {
		return p.status.ObservedGeneration >= p.Generation
	})
	if len(failing) > 0 {
		c := appsv1.ReplicaSetCondition{
			Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: reason, Message: sayings(failing),
			LastTransitionTime: s.now(),
		}
		for _, before := range current.Conditions {
			if before.Type == c.Type && before.Status == c.Status {
				c.LastTransitionTime = before.LastTransitionTime
			}
		}
		total.Conditions = append(total.Conditions, c)
	}
	return total
}

// NewPods sums up, of the copies of a Deployment, the pods that are made from its template as it is now, as the status of a ReplicaSet with that
// template says it. How many of them are ready no member says: of those that are, the old ones are taken to be the first. Of a copy whose status
// cannot be read none is new.
func NewPods(parts []Part) appsv1.ReplicaSetStatus {
	var total appsv1.ReplicaSetStatus
	for i := range parts {
		p := &parts[i]
		var status appsv1.DeploymentStatus
		if err := decode(p.Status, &status); err != nil || p.Leaving || !p.Applied {
			continue
		}
		switch {
		case p.Status == nil && p.Known != nil:
			status.Replicas = int32Of(p.Wanted.Replicas)
			status.UpdatedReplicas, status.ReadyReplicas = status.Replicas, min(p.Known.Ready, status.Replicas)
			status.AvailableReplicas = status.ReadyReplicas
		case status.ObservedGeneration < p.Generation:
			continue
		}
		replicas := p.counted(status.Replicas, status.ReadyReplicas)
		updated := min(status.UpdatedReplicas, replicas)
		old := replicas - updated
		total.Replicas = plus(total.Replicas, updated)
		total.FullyLabeledReplicas = plus(total.FullyLabeledReplicas, updated)
		total.ReadyReplicas = plus(total.ReadyReplicas, min(max(status.ReadyReplicas-old, 0), updated))
		total.AvailableReplicas = plus(total.AvailableReplicas, min(max(status.AvailableReplicas-old, 0), updated))
	}
	return total
}
