package aggregate

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mostActive is how many active Jobs a CronJob's status lists.
const mostActive = 200

// cronJob lists the Jobs that are active in members, without what identifies them there only.
func cronJob(_ Source, current batchv1.CronJobStatus, parts []part[batchv1.CronJobStatus]) batchv1.CronJobStatus {
	var total batchv1.CronJobStatus
	if recalls(parts) {
		total.LastScheduleTime, total.LastSuccessfulTime = current.LastScheduleTime, current.LastSuccessfulTime
	}
	for i := range parts {
		if parts[i].Leaving {
			continue
		}
		status := &parts[i].status
		for _, active := range status.Active {
			if len(total.Active) < mostActive {
				total.Active = append(total.Active, corev1.ObjectReference{
					APIVersion: active.APIVersion, Kind: active.Kind, Namespace: active.Namespace, Name: active.Name,
				})
			}
		}
		total.LastScheduleTime = latest(total.LastScheduleTime, status.LastScheduleTime)
		total.LastSuccessfulTime = latest(total.LastSuccessfulTime, status.LastSuccessfulTime)
	}
	return total
}

// latest is the later one of two times that may be missing.
func latest(a, b *metav1.Time) *metav1.Time {
	if a == nil || b != nil && a.Before(b) {
		return b
	}
	return a
}
