package diagnosis

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// jobs finds hooks that failed, and lets them speak for themselves. None is Fatal: a Job may be left from an earlier run
// until Helm comes to replace it, and Helm says by itself when one of this run has failed.
func (s *snapshot) jobs(ctx context.Context, r *Report) {
	for _, j := range s.jobList {
		failure := jobFailure(j)
		if failure == nil && j.Status.Failed == 0 || j.Status.Succeeded > 0 {
			continue
		}
		f := Finding{Object: "job " + j.Name, rank: hookFailed, component: j.Labels[componentLabel]}
		said := s.lastWords(ctx, j)
		switch {
		case failure == nil:
			f.Reason = "failed and is tried again"
		case failure.Reason == "DeadlineExceeded":
			f.Reason = "did not finish in time"
		default:
			f.Reason = "failed"
		}
		if failure != nil {
			f.Details = append(f.Details, oneLine(failure.Reason+": "+failure.Message))
		}
		if said != "" {
			f.Reason += ": " + said
		} else {
			f.WayOut = "see: kubectl --namespace=" + s.namespace + " logs job/" + j.Name
		}
		r.add(f)
	}
}

func jobFailure(j batchv1.Job) *batchv1.JobCondition {
	for i, c := range j.Status.Conditions {
		if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
			return &j.Status.Conditions[i]
		}
	}
	return nil
}

// lastWords returns what the job's newest pod said last.
func (s *snapshot) lastWords(ctx context.Context, j batchv1.Job) string {
	var newest *corev1.Pod
	for i, p := range s.podList {
		if p.Labels[batchv1.JobNameLabel] != j.Name {
			continue
		}
		if newest == nil || newest.CreationTimestamp.Before(&p.CreationTimestamp) {
			newest = &s.podList[i]
		}
	}
	if newest == nil || len(newest.Spec.Containers) == 0 {
		return ""
	}
	return s.lastLine(ctx, newest.Name, newest.Spec.Containers[0].Name, false)
}
