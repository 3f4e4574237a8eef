//go:build integration

package propagation_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// TestIntegrationJobs is how Jobs end, and run again.
func TestIntegrationJobs(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", nil), w.join("rohan", map[string]string{"side": "north"})
	// What is given of a Job stays given: both are to be known for members when it is divided.
	w.createConfigMap(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "both"}})
	w.holds(gondor, "both", "")
	w.holds(rohan, "both", "")
	t.Run("a Job that failed in one member is stopped in the other", func(t *testing.T) { w.testFailed(t, gondor, rohan) })
	t.Run("a Job that is made from an exported one runs", func(t *testing.T) { w.testExported(t, gondor, rohan) })
	t.Run("a Job that is made again while a member is away runs there, too", func(t *testing.T) { w.testMadeAgain(t, rohan) })
}

// part waits until a member has a Job that is as it shall be, and returns it.
func (w *world) part(m *member, name string, wrong func(*batchv1.Job) error) (got *batchv1.Job) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("part of Job %s in %s", name, m.Name), func() (err error) {
		if got, err = m.Client.BatchV1().Jobs("shop").Get(w.t.Context(), name, metav1.GetOptions{}); err != nil {
			return err
		}
		return wrong(got)
	})
	return got
}

// of is an error for a part that is not of the source, or has not so much of it, or has an end already.
func of(source types.UID, parallelism, completions int32) func(*batchv1.Job) error {
	return func(j *batchv1.Job) error {
		if *j.Spec.Parallelism != parallelism || *j.Spec.Completions != completions || len(j.Status.Conditions) > 0 ||
			j.Annotations[fedv1beta1.AnnotationSourceUID] != string(source) {
			return fmt.Errorf("it is %d of %d, has annotations %v, and its status is %+v", *j.Spec.Parallelism, *j.Spec.Completions, j.Annotations, j.Status)
		}
		return nil
	}
}

// end says of a part that it has ended, as a member's controllers do.
func (w *world) end(m *member, part *batchv1.Job, target, end batchv1.JobConditionType) {
	w.t.Helper()
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	part.Status = batchv1.JobStatus{StartTime: &now, UncountedTerminatedPods: &batchv1.UncountedTerminatedPods{}, Ready: ptr.To[int32](0)}
	if end == batchv1.JobComplete {
		part.Status.CompletionTime, part.Status.Succeeded = &now, *part.Spec.Completions
	}
	for _, is := range []batchv1.JobConditionType{target, end} {
		part.Status.Conditions = append(part.Status.Conditions, batchv1.JobCondition{
			Type: is, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now, Reason: "Ended", Message: "it has ended",
		})
	}
	w.must(m.Client.BatchV1().Jobs("shop").UpdateStatus(w.t.Context(), part, metav1.UpdateOptions{}))
}

func (w *world) completes(m *member, part *batchv1.Job) {
	w.t.Helper()
	w.end(m, part, batchv1.JobSuccessCriteriaMet, batchv1.JobComplete)
}

// ended waits until the source has a condition.
func (w *world) ended(name string, as batchv1.JobConditionType) (got *batchv1.Job) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("Job %s to be %s", name, as), func() (err error) {
		if got, err = w.api.BatchV1().Jobs("shop").Get(w.t.Context(), name, metav1.GetOptions{}); err == nil && !has(got, as) {
			err = fmt.Errorf("its status is %+v", got.Status)
		}
		return err
	})
	return got
}

func has(j *batchv1.Job, as batchv1.JobConditionType) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool { return c.Type == as && c.Status == corev1.ConditionTrue })
}

func (w *world) makeJob(j *batchv1.Job) *batchv1.Job {
	w.t.Helper()
	made, err := w.api.BatchV1().Jobs("shop").Create(w.t.Context(), j, metav1.CreateOptions{})
	w.must(nil, err)
	return made
}

func (w *world) testFailed(t *testing.T, gondor, rohan *member) {
	t.Helper()
	made := w.makeJob(job("fails", 2, 4))
	w.part(rohan, "fails", of(made.UID, 1, 2))
	w.end(gondor, w.part(gondor, "fails", of(made.UID, 1, 2)), batchv1.JobFailureTarget, batchv1.JobFailed)
	w.ended("fails", batchv1.JobFailed)
	w.part(rohan, "fails", of(made.UID, 0, 2))
}

func (w *world) testExported(t *testing.T, gondor, rohan *member) {
	t.Helper()
	made := w.makeJob(job("first", 2, 4))
	for _, m := range []*member{gondor, rohan} {
		w.completes(m, w.part(m, "first", of(made.UID, 1, 2)))
	}
	// As kubectl get -o json, without what only the server may set, but with all else.
	exported := w.ended("first", batchv1.JobComplete)
	exported.ObjectMeta = metav1.ObjectMeta{Name: "second", Annotations: exported.Annotations}
	exported.Spec.Selector, exported.Spec.Template.Labels = nil, nil
	if exported.Annotations[fedv1beta1.AnnotationMembers] == "" {
		t.Fatal("nothing was written of members")
	}
	again := w.makeJob(exported)
	for _, m := range []*member{gondor, rohan} {
		w.part(m, "second", of(again.UID, 1, 2))
	}
	if got, err := w.api.BatchV1().Jobs("shop").Get(t.Context(), "second", metav1.GetOptions{}); err != nil || has(got, batchv1.JobComplete) {
		t.Errorf("it is complete: %v (%v)", got, err)
	}
}

func (w *world) testMadeAgain(t *testing.T, rohan *member) {
	t.Helper()
	inRohan := func() *batchv1.Job { // so that nobody can take its part over
		j := job("again", 2, 4)
		j.Annotations = map[string]string{fedv1beta1.AnnotationV1ClusterSelector: north}
		return w.makeJob(j)
	}
	w.completes(rohan, w.part(rohan, "again", of(inRohan().UID, 2, 4)))
	w.ended("again", batchv1.JobComplete)
	rohan.Stop()
	w.ready("rohan", metav1.ConditionFalse)
	w.must(nil, w.api.BatchV1().Jobs("shop").Delete(t.Context(), "again", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}))
	w.eventually("the former Job to be gone", func() error {
		return gone(w.api.BatchV1().Jobs("shop").Get(t.Context(), "again", metav1.GetOptions{}))
	})
	made := inRohan()
	w.eventually("something to be said of the new Job", func() error {
		got, err := w.api.BatchV1().Jobs("shop").Get(t.Context(), "again", metav1.GetOptions{})
		if err == nil && got.Annotations[fedv1beta1.AnnotationPropagation] == "" {
			err = errors.New("nothing is")
		}
		if err == nil && len(got.Status.Conditions) > 0 {
			t.Fatalf("it has conditions before it was made in rohan: %+v", got.Status.Conditions)
		}
		return err
	})
	rohan.Restart()
	w.part(rohan, "again", of(made.UID, 2, 4))
}
