package aggregate

import appsv1 "k8s.io/api/apps/v1"

// daemonSet leaves out what leaves: its nodes are wanted no more.
func daemonSet(s Source, current appsv1.DaemonSetStatus, parts []part[appsv1.DaemonSetStatus]) appsv1.DaemonSetStatus {
	if stands(s, current.ObservedGeneration, parts) {
		return current
	}
	total := appsv1.DaemonSetStatus{CollisionCount: current.CollisionCount}
	for i := range parts {
		if parts[i].Leaving {
			continue
		}
		status := &parts[i].status
		total.CurrentNumberScheduled = plus(total.CurrentNumberScheduled, status.CurrentNumberScheduled)
		total.NumberMisscheduled = plus(total.NumberMisscheduled, status.NumberMisscheduled)
		total.DesiredNumberScheduled = plus(total.DesiredNumberScheduled, status.DesiredNumberScheduled)
		total.NumberReady = plus(total.NumberReady, status.NumberReady)
		total.UpdatedNumberScheduled = plus(total.UpdatedNumberScheduled, status.UpdatedNumberScheduled)
		total.NumberAvailable = plus(total.NumberAvailable, status.NumberAvailable)
		total.NumberUnavailable = plus(total.NumberUnavailable, status.NumberUnavailable)
	}
	total.ObservedGeneration = observed(s, current.ObservedGeneration, parts, func(p *part[appsv1.DaemonSetStatus]) bool {
		return p.status.ObservedGeneration >= p.Generation
	})
	return total
}
