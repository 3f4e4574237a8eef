package aggregate

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// job is complete when all parts are, and has failed when one has. API servers hold a Job to more than that: what has finished stays so, has no
// active pods and has its times; what was counted as succeeded or failed stays counted; a start is not moved.
func job(s Source, current batchv1.JobStatus, parts []part[batchv1.JobStatus]) batchv1.JobStatus {
	if finished(current, batchv1.JobComplete) || finished(current, batchv1.JobFailed) {
		return current
	}
	parts = slices.DeleteFunc(parts, func(p part[batchv1.JobStatus]) bool { return p.Leaving })
	total := batchv1.JobStatus{StartTime: current.StartTime}
	for i := range parts {
		p := &parts[i]
		if !p.seen && p.Known != nil {
			p.status = knownJob(p.Known)
		}
		addJob(&total, &p.status, current.StartTime == nil)
	}
	if len(parts) == 1 { // only a Job that runs as a whole in one member has indexes
		total.CompletedIndexes, total.FailedIndexes = parts[0].status.CompletedIndexes, parts[0].status.FailedIndexes
	}
	total.Succeeded, total.Failed = max(total.Succeeded, current.Succeeded), max(total.Failed, current.Failed)
	if total.Ready != nil {
		total.Ready = new(min(*total.Ready, total.Active))
	}
	total.Conditions = jobConditions(s, parts)
	for i := range total.Conditions {
		c := &total.Conditions[i]
		c.LastTransitionTime, c.LastProbeTime = s.now(), s.now()
		for _, before := range current.Conditions {
			if before.Type == c.Type && before.Status == c.Status {
				c.LastTransitionTime, c.LastProbeTime = before.LastTransitionTime, before.LastProbeTime
			}
		}
	}
	finish(s, &total, parts)
	return total
}

func addJob(total, status *batchv1.JobStatus, mayStart bool) {
	total.Active = plus(total.Active, status.Active)
	total.Succeeded = plus(total.Succeeded, status.Succeeded)
	total.Failed = plus(total.Failed, status.Failed)
	total.Ready = sum(total.Ready, status.Ready)
	total.Terminating = sum(total.Terminating, status.Terminating)
	if t := status.StartTime; mayStart && t != nil && (total.StartTime == nil || t.Before(total.StartTime)) {
		total.StartTime = t
	}
}

// finish says of a Job that has finished what an API server wants to hear. One that failed in one member is stopped in the others; its pods there
// are not reported any more.
func finish(s Source, total *batchv1.JobStatus, parts []part[batchv1.JobStatus]) {
	complete := finished(*total, batchv1.JobComplete)
	if !complete && !finished(*total, batchv1.JobFailed) {
		return
	}
	zero := func(n *int32) *int32 {
		if n == nil {
			return nil
		}
		return new(int32)
	}
	total.Active, total.Ready, total.Terminating = 0, zero(total.Ready), zero(total.Terminating)
	if total.StartTime == nil {
		total.StartTime = new(s.now())
	}
	if !complete {
		return
	}
	last := *total.StartTime
	seen := false
	for i := range parts {
		if t := parts[i].status.CompletionTime; t != nil {
			seen = true
			if last.Before(t) {
				last = *t
			}
		}
	}
	if !seen {
		last = laterOf(last, s.now())
	}
	total.CompletionTime = &last
}

func laterOf(a, b metav1.Time) metav1.Time {
	if a.Before(&b) {
		return b
	}
	return a
}

// jobConditions have no times yet.
func jobConditions(s Source, parts []part[batchv1.JobStatus]) []batchv1.JobCondition {
	var failed []saying
	reason := ""
	complete, suspended, resumed := 0, 0, 0
	var placed int32
	for i := range parts {
		p := &parts[i]
		placed += int32Of(p.Wanted.Completions)
		if c, is := jobCondition(p.status, batchv1.JobFailed); is && c.Status == corev1.ConditionTrue {
			if reason == "" {
				reason = c.Reason
			}
			failed = append(failed, saying{p.Member, c.Message})
		}
		done := finished(p.status, batchv1.JobComplete)
		if done {
			complete++
		}
		switch c, is := jobCondition(p.status, batchv1.JobSuspended); {
		case is && c.Status != corev1.ConditionTrue:
			resumed++
		case is && !done:
			suspended++
		}
	}
	all := !s.Halted && complete == len(parts) && placed >= int32Of(s.Share.Completions) && (len(parts) > 0 || s.Share.Completions != nil)
	is := func(t batchv1.JobConditionType, status corev1.ConditionStatus, reason, message string) batchv1.JobCondition {
		return batchv1.JobCondition{Type: t, Status: status, Reason: reason, Message: message}
	}
	var conditions []batchv1.JobCondition
	switch {
	case suspended > 0 && suspended+complete == len(parts):
		conditions = append(conditions, is(batchv1.JobSuspended, corev1.ConditionTrue, "JobSuspended", "Job suspended"))
	case suspended+resumed > 0:
		conditions = append(conditions, is(batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", "Job resumed"))
	}
	switch {
	case len(failed) > 0:
		if reason == "" {
			reason = "FailedInMember"
		}
		message := sayings(failed)
		conditions = append(conditions, is(batchv1.JobFailureTarget, corev1.ConditionTrue, reason, message),
			is(batchv1.JobFailed, corev1.ConditionTrue, reason, message))
	case all:
		const reason, message = batchv1.JobReasonCompletionsReached, "Reached expected number of succeeded pods"
		conditions = append(conditions, is(batchv1.JobSuccessCriteriaMet, corev1.ConditionTrue, reason, message),
			is(batchv1.JobComplete, corev1.ConditionTrue, reason, message))
	}
	return conditions
}

func finished(status batchv1.JobStatus, t batchv1.JobConditionType) bool {
	c, is := jobCondition(status, t)
	return is && c.Status == corev1.ConditionTrue
}

// jobCondition is the first of the type, of which no API server takes two.
func jobCondition(status batchv1.JobStatus, t batchv1.JobConditionType) (batchv1.JobCondition, bool) {
	i := slices.IndexFunc(status.Conditions, func(c batchv1.JobCondition) bool { return c.Type == t })
	if i < 0 {
		return batchv1.JobCondition{}, false
	}
	return status.Conditions[i], true
}

// knownJob is that of a copy that has finished and gone. Of one that has not, and cannot be seen, is not known what has succeeded.
func knownJob(k *Known) batchv1.JobStatus {
	is := func(t batchv1.JobConditionType) []batchv1.JobCondition {
		return []batchv1.JobCondition{{Type: t, Status: corev1.ConditionTrue}}
	}
	switch {
	case k.Complete:
		return batchv1.JobStatus{Succeeded: k.Ready, Conditions: is(batchv1.JobComplete)}
	case k.Failed:
		return batchv1.JobStatus{Succeeded: k.Ready, Conditions: is(batchv1.JobFailed)}
	default:
		return batchv1.JobStatus{}
	}
}
