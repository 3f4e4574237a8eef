package aggregate

import appsv1 "k8s.io/api/apps/v1"

func statefulSet(s Source, current appsv1.StatefulSetStatus, parts []part[appsv1.StatefulSetStatus]) appsv1.StatefulSetStatus {
	total := appsv1.StatefulSetStatus{CollisionCount: current.CollisionCount}
	for i := range parts {
		p := &parts[i]
		status := &p.status
		if !p.seen && p.Known != nil {
			*status = knownStatefulSet(current, p.Part)
		}
		replicas := p.counted(status.Replicas, status.ReadyReplicas)
		total.Replicas = plus(total.Replicas, replicas)
		total.ReadyReplicas = plus(total.ReadyReplicas, status.ReadyReplicas)
		total.AvailableReplicas = plus(total.AvailableReplicas, status.AvailableReplicas)
		if !p.Leaving {
			total.CurrentReplicas = plus(total.CurrentReplicas, min(status.CurrentReplicas, replicas))
			total.UpdatedReplicas = plus(total.UpdatedReplicas, min(status.UpdatedReplicas, replicas))
		}
	}
	total.ObservedGeneration = observed(s, current.ObservedGeneration, parts, func(p *part[appsv1.StatefulSetStatus]) bool {
		return p.status.ObservedGeneration >= p.Generation
	})
	total.CurrentRevision, total.UpdateRevision = revisions(parts)
	return total
}

// revisions are equal when they are in every member, since kubectl and Helm take that for the end of a rollout. The names themselves mean
// nothing outside of a member; they are the first one's.
func revisions(parts []part[appsv1.StatefulSetStatus]) (current, update string) {
	for i := range parts {
		p := &parts[i]
		if p.Leaving {
			continue
		}
		if update == "" {
			current, update = p.status.CurrentRevision, p.status.UpdateRevision
		}
		if p.status.CurrentRevision == p.status.UpdateRevision {
			continue
		}
		if p.status.CurrentRevision != update {
			return p.status.CurrentRevision, update
		}
		return update, p.status.UpdateRevision
	}
	return current, update
}

// knownStatefulSet takes the rollout in a copy that cannot be seen for as far as that of the whole is.
func knownStatefulSet(current appsv1.StatefulSetStatus, p *Part) appsv1.StatefulSetStatus {
	wanted := int32Of(p.Wanted.Replicas)
	ready := min(p.Known.Ready, wanted)
	known := appsv1.StatefulSetStatus{
		Replicas: wanted, ReadyReplicas: ready, AvailableReplicas: ready, CurrentReplicas: wanted, UpdatedReplicas: wanted,
		CurrentRevision: current.CurrentRevision, UpdateRevision: current.UpdateRevision,
	}
	return known
}
