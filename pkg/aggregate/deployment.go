package aggregate

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Reasons of Deployments' conditions, which kubectl and others read. Those of the Deployment controller are in no API package.
const (
	reasonAvailable        = "MinimumReplicasAvailable"
	reasonUnavailable      = "MinimumReplicasUnavailable"
	reasonComplete         = "NewReplicaSetAvailable"
	reasonProgressing      = "ReplicaSetUpdated"
	reasonDeadlineExceeded = "ProgressDeadlineExceeded"
	reasonPaused           = "DeploymentPaused"
)

func deployment(s Source, current appsv1.DeploymentStatus, parts []part[appsv1.DeploymentStatus]) appsv1.DeploymentStatus {
	for i := range parts {
		if p := &parts[i]; !p.seen && p.Known != nil {
			wanted := int32Of(p.Wanted.Replicas)
			ready := min(p.Known.Ready, wanted)
			p.status = appsv1.DeploymentStatus{
				Replicas: wanted, UpdatedReplicas: wanted, ReadyReplicas: ready, AvailableReplicas: ready, UnavailableReplicas: wanted - ready,
			}
		}
	}
	total := appsv1.DeploymentStatus{CollisionCount: current.CollisionCount}
	for i := range parts {
		p := &parts[i]
		status := &p.status
		replicas := p.counted(status.Replicas, status.ReadyReplicas)
		total.Replicas = plus(total.Replicas, replicas)
		if !p.Leaving { // what leaves is old, as kubectl's rollout status understands it
			total.UpdatedReplicas = plus(total.UpdatedReplicas, min(status.UpdatedReplicas, replicas))
		}
		total.ReadyReplicas = plus(total.ReadyReplicas, status.ReadyReplicas)
		total.AvailableReplicas = plus(total.AvailableReplicas, status.AvailableReplicas)
		total.UnavailableReplicas = plus(total.UnavailableReplicas, p.counted(status.UnavailableReplicas, 0))
		total.TerminatingReplicas = sum(total.TerminatingReplicas, status.TerminatingReplicas)
	}
	total.ObservedGeneration = observed(s, current.ObservedGeneration, parts, noticedDeployment)
	total.Conditions = deploymentConditions(s, current.Conditions, total, parts)
	return total
}

func noticedDeployment(p *part[appsv1.DeploymentStatus]) bool {
	return p.status.ObservedGeneration >= p.Generation
}

func deploymentConditions(
	s Source, current []appsv1.DeploymentCondition, total appsv1.DeploymentStatus, parts []part[appsv1.DeploymentStatus],
) []appsv1.DeploymentCondition {
	wanted := []appsv1.DeploymentCondition{available(s, parts), progressing(s, total, parts)}
	if failing := said(parts, appsv1.DeploymentReplicaFailure, corev1.ConditionTrue); len(failing) > 0 {
		wanted = append(wanted, appsv1.DeploymentCondition{
			Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: sayings(failing),
		})
	}
	for i := range wanted {
		w := &wanted[i]
		w.LastTransitionTime, w.LastUpdateTime = s.now(), s.now()
		for _, c := range current {
			if c.Type != w.Type || c.Status != w.Status {
				continue
			}
			w.LastTransitionTime = c.LastTransitionTime
			if c.Reason == w.Reason && c.Message == w.Message {
				w.LastUpdateTime = c.LastUpdateTime
			}
		}
	}
	return wanted
}

// available holds when it does in all members, and all replicas are placed: kubectl's wait asks for it.
func available(s Source, parts []part[appsv1.DeploymentStatus]) appsv1.DeploymentCondition {
	c := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: reasonAvailable,
		Message: "All members have minimum availability.",
	}
	placed, scaled := int32(0), false
	var missing []saying
	for i := range parts {
		p := &parts[i]
		if p.Leaving {
			continue
		}
		scaled = scaled || p.Wanted.Replicas == nil
		wanted := p.needed()
		placed += wanted
		condition, known := deploymentCondition(p, appsv1.DeploymentAvailable)
		is := condition.Status == corev1.ConditionTrue
		if !known || p.Pending > 0 { // the member counts those on top of the total, too: what it says of more holds of less
			is = is || p.status.AvailableReplicas >= wanted && (p.seen || p.Wanted.Replicas != nil)
		}
		if !is {
			missing = append(missing, saying{p.Member, condition.Message})
		}
	}
	if unplaced := int32Of(s.Share.Replicas) - placed; unplaced > 0 && !scaled {
		c.Status, c.Reason = corev1.ConditionFalse, reasonUnavailable
		c.Message = fmt.Sprintf("%d of %d replicas are not placed in any member.", unplaced, int32Of(s.Share.Replicas))
	} else if len(missing) > 0 {
		c.Status, c.Reason = corev1.ConditionFalse, reasonUnavailable
		c.Message = sayings(missing)
	}
	return c
}

// progressing is what kubectl's rollout status gives up on when a member has exceeded the deadline, unless all that the member lacks are replicas
// on top of the total.
func progressing(s Source, total appsv1.DeploymentStatus, parts []part[appsv1.DeploymentStatus]) appsv1.DeploymentCondition {
	c := appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue}
	var late, paused []saying
	replicas := int32Of(s.Share.Replicas)
	for i := range parts {
		p := &parts[i]
		if p.Wanted.Replicas == nil && !p.Leaving {
			replicas = 0 // an autoscaler says how many
		}
		condition, _ := deploymentCondition(p, appsv1.DeploymentProgressing)
		if p.Leaving || !p.Applied || !noticedDeployment(p) {
			continue // it speaks of a former generation
		}
		switch {
		case condition.Reason == reasonDeadlineExceeded && !completeButForPending(p):
			late = append(late, saying{p.Member, condition.Message})
		case condition.Reason == reasonPaused:
			paused = append(paused, saying{p.Member, condition.Message})
		}
	}
	switch {
	case len(late) > 0:
		c.Status, c.Reason, c.Message = corev1.ConditionFalse, reasonDeadlineExceeded, sayings(late)
	case len(paused) > 0:
		c.Status, c.Reason, c.Message = corev1.ConditionUnknown, reasonPaused, sayings(paused)
	case total.ObservedGeneration == s.Generation && total.UpdatedReplicas >= replicas && total.Replicas == total.UpdatedReplicas &&
		total.AvailableReplicas >= total.UpdatedReplicas:
		c.Reason, c.Message = reasonComplete, "All members have successfully progressed."
	default:
		c.Reason, c.Message = reasonProgressing, "Members are progressing."
	}
	return c
}

// completeButForPending tells that the member has all that the total needs of it, and waits for more. While there are pods that are not new, some of
// those that are available may be old ones.
func completeButForPending(p *part[appsv1.DeploymentStatus]) bool {
	return p.Pending > 0 && p.status.UpdatedReplicas == p.status.Replicas && p.status.AvailableReplicas >= p.needed()
}

func deploymentCondition(p *part[appsv1.DeploymentStatus], t appsv1.DeploymentConditionType) (appsv1.DeploymentCondition, bool) {
	i := slices.IndexFunc(p.status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == t })
	if i < 0 {
		return appsv1.DeploymentCondition{}, false
	}
	return p.status.Conditions[i], true
}

// said are the messages of members whose condition has the status.
func said(parts []part[appsv1.DeploymentStatus], t appsv1.DeploymentConditionType, status corev1.ConditionStatus) []saying {
	var all []saying
	for i := range parts {
		if c, known := deploymentCondition(&parts[i], t); known && c.Status == status {
			all = append(all, saying{parts[i].Member, c.Message})
		}
	}
	return all
}

func int32Of(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}
