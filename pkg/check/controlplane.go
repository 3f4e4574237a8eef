package check

import (
	"context"
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/fedhelm/fedhelm/pkg/diagnosis"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

func (t *Target) controlPlaneChecks() []Check {
	return under(CategoryControlPlane,
		Check{Name: "workloads", Run: t.workloads},
		Check{Name: "renewal", Run: t.renewal},
	)
}

func (t *Target) workloads(ctx context.Context) Outcome {
	all, err := federation.Workloads(ctx, t.Host.Client, t.Ref)
	if err != nil {
		return unseen(err, "look at the workloads")
	}
	if len(all) == 0 {
		return failure("fedhelm init "+t.Name+t.flags(),
			"namespace %q holds no Deployment or StatefulSet of federation %q", t.Namespace, t.Name)
	}
	var ready, behind []string
	for _, w := range all {
		switch {
		case w.Wanted == 0:
			return failure(fmt.Sprintf("%s scale %s/%s --replicas=1", t.kubectl(), strings.ToLower(w.Kind), w.Name), "%s %s is scaled down to nothing", w.Kind, w.Name)
		case w.Done():
			ready = append(ready, w.Name)
		default:
			behind = append(behind, w.String())
		}
	}
	if len(behind) == 0 {
		return ok("%s are ready", strings.Join(ready, ", "))
	}
	what := strings.Join(behind, ", ")
	report, err := diagnosis.Examine(ctx, t.Host.Client, t.Namespace, t.Name)
	if cause, found := report.Cause(); err == nil && found {
		mend := cause.WayOut
		if mend == "" {
			mend = t.kubectl() + " get events"
		}
		return failure(mend, "%s: %s: %s", what, cause.Object, cause.Reason)
	}
	return failure(t.kubectl()+" get pods,events", "%s", what)
}

// renewal looks at the CronJob that keeps certificates from expiring.
func (t *Target) renewal(ctx context.Context) Outcome {
	name := t.Name + "-renew"
	job, err := t.Host.Client.BatchV1().CronJobs(t.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err := t.Host.Client.CoreV1().Secrets(t.Namespace).Get(ctx, t.Name+"-ca", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return ok("the certificates are your own, and yours to renew")
		}
		return warning(t.upgrade()+" --set controlPlane.pki.renewal.enabled=true",
			"there is no CronJob %q in namespace %q: nothing renews the certificates before they expire", name, t.Namespace)
	}
	if err != nil {
		return unseen(err, "read CronJob %q in namespace %q", name, t.Namespace)
	}
	if job.Spec.Suspend != nil && *job.Spec.Suspend {
		return warning(fmt.Sprintf(`%s patch cronjob %s --patch='{"spec":{"suspend":false}}'`, t.kubectl(), name),
			"CronJob %q is suspended: nothing renews the certificates before they expire", name)
	}
	last, err := t.lastRenewal(ctx, job)
	switch {
	case err != nil:
		return unseen(err, "list the Jobs of CronJob %q", name)
	case last == nil:
		return ok("CronJob %s has not run yet (%s)", name, job.Spec.Schedule)
	case failed(last):
		return t.renewalFailed(ctx, last)
	default:
		return ok("CronJob %s ran last %s and did not fail", name, last.CreationTimestamp.UTC().Format("2006-01-02 15:04 UTC"))
	}
}

// lastRenewal is the newest Job of the CronJob, also one that was made by hand from it; nil if there is none.
func (t *Target) lastRenewal(ctx context.Context, owner *batchv1.CronJob) (*batchv1.Job, error) {
	jobs, err := t.Host.Client.BatchV1().Jobs(t.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{federation.LabelInstance: t.Name, federation.LabelComponent: "renew"}.String(),
	})
	if err != nil {
		return nil, err
	}
	var newest *batchv1.Job
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if of := metav1.GetControllerOf(job); of == nil || of.UID != owner.UID {
			continue
		}
		if newest == nil || newest.CreationTimestamp.Before(&job.CreationTimestamp) {
			newest = job
		}
	}
	return newest, nil
}

func failed(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

func (t *Target) renewalFailed(ctx context.Context, job *batchv1.Job) Outcome {
	why := ""
	if report, err := diagnosis.Examine(ctx, t.Host.Client, t.Namespace, t.Name); err == nil {
		for _, f := range report.Findings {
			if f.Object == "job "+job.Name {
				why = ": " + f.Reason
			}
		}
	}
	return failure(fmt.Sprintf("%s logs job/%s  # once that is mended: %s create job --from=cronjob/%s-renew renew-now", t.kubectl(), job.Name, t.kubectl(), t.Name),
		"the last renewal of the certificates failed (job %s)%s", job.Name, why)
}
