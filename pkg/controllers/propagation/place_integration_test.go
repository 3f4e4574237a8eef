//go:build integration

package propagation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	south = `[{"key":"side","operator":"In","values":["south"]}]`
	north = `[{"key":"side","operator":"In","values":["north"]}]`
)

// TestIntegrationPlacement places objects in two members, and in a third that comes later.
func TestIntegrationPlacement(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", map[string]string{"side": "south"}), w.join("rohan", map[string]string{"side": "north"})
	t.Run("an object is where its selector says, and moves with it", func(t *testing.T) { w.testSelector(t, gondor, rohan) })
	t.Run("an object follows the labels of members", func(t *testing.T) { w.testRelabel(t, gondor, rohan) })
	t.Run("a malformed annotation takes nothing away", func(t *testing.T) { w.testMalformed(t, gondor, rohan) })
	t.Run("an object that is kept out leaves members", func(t *testing.T) { w.testExcluded(t, gondor, rohan) })
	t.Run("replicas follow preferences", func(t *testing.T) { w.testPreferences(t, gondor, rohan) })
	t.Run("an autoscaler's bounds are divided, and rule what it scales", func(t *testing.T) { w.testAutoscaler(t, gondor, rohan) })
	t.Run("a Job is divided so that it can complete, and is not run again", func(t *testing.T) { w.testJob(t, gondor, rohan) })
	t.Run("a member that joins gets what there is", func(t *testing.T) { w.testJoin(t, gondor, rohan) })
}

// misses waits until a member has no ConfigMap of that name.
func (w *world) misses(m *member, name string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("ConfigMap %s to be gone from %s", name, m.Name), func() error {
		return gone(m.Client.CoreV1().ConfigMaps("shop").Get(w.t.Context(), name, metav1.GetOptions{}))
	})
}

func (w *world) createConfigMap(c *corev1.ConfigMap) {
	w.t.Helper()
	w.must(w.api.CoreV1().ConfigMaps("shop").Create(w.t.Context(), c, metav1.CreateOptions{}))
}

// annotate sets an annotation of a ConfigMap; "" takes it away.
func (w *world) annotate(name, annotation, value string) {
	w.t.Helper()
	var to any
	if value != "" {
		to = value
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{annotation: to}}})
	w.must(nil, err)
	w.must(w.api.CoreV1().ConfigMaps("shop").Patch(w.t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}))
}

func selecting(c *corev1.ConfigMap, selector string) *corev1.ConfigMap {
	c.Annotations = map[string]string{fedv1beta1.AnnotationV1ClusterSelector: selector}
	return c
}

func (w *world) testSelector(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.createConfigMap(selecting(configMap("chosen", "one"), south))
	w.holds(gondor, "chosen", "one")
	w.misses(rohan, "chosen")
	w.annotate("chosen", fedv1beta1.AnnotationV1ClusterSelector, north)
	w.holds(rohan, "chosen", "one")
	w.misses(gondor, "chosen")
	w.annotate("chosen", fedv1beta1.AnnotationV1ClusterSelector, "")
	w.holds(gondor, "chosen", "one")
	w.holds(rohan, "chosen", "one")
}

func (w *world) testRelabel(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.createConfigMap(selecting(configMap("labelled", "one"), south))
	divided := deployment("labelled", 4)
	divided.Annotations = map[string]string{fedv1beta1.AnnotationV1ClusterSelector: south}
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), divided, metav1.CreateOptions{}))
	w.holds(gondor, "labelled", "one")
	w.shares("labelled", map[*member]int32{gondor: 4})
	w.patchCluster("gondor", `{"metadata":{"labels":{"side":"north"}}}`)
	w.misses(gondor, "labelled")
	w.patchCluster("rohan", `{"metadata":{"labels":{"side":"south"}}}`)
	w.holds(rohan, "labelled", "one")
	w.shares("labelled", map[*member]int32{rohan: 4})
	w.eventually("the Deployment to be gone from gondor", func() error {
		return gone(gondor.Client.AppsV1().Deployments("shop").Get(t.Context(), "labelled", metav1.GetOptions{}))
	})
	w.patchCluster("gondor", `{"metadata":{"labels":{"side":"south"}}}`)
	w.patchCluster("rohan", `{"metadata":{"labels":{"side":"north"}}}`)
	w.holds(gondor, "labelled", "one")
	w.misses(rohan, "labelled")
}

func (w *world) testMalformed(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.createConfigMap(selecting(configMap("malformed", "one"), south))
	w.holds(gondor, "malformed", "one")
	w.annotate("malformed", fedv1beta1.AnnotationV1ClusterSelector, "south")
	w.createConfigMap(configMap("after", "one"))
	w.holds(gondor, "after", "one")
	w.holds(rohan, "after", "one") // by now the other would have gone or come
	w.holds(gondor, "malformed", "one")
	w.misses(rohan, "malformed")
	w.must(nil, w.api.CoreV1().ConfigMaps("shop").Delete(t.Context(), "malformed", metav1.DeleteOptions{}))
	w.misses(gondor, "malformed")
}

func (w *world) testExcluded(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.createConfigMap(configMap("kept-out", "one"))
	w.holds(gondor, "kept-out", "one")
	w.holds(rohan, "kept-out", "one")
	w.annotate("kept-out", fedv1beta1.AnnotationFederate, "false")
	w.misses(gondor, "kept-out")
	w.misses(rohan, "kept-out")
	w.eventually("the finalizer to be taken off", func() error {
		got, err := w.api.CoreV1().ConfigMaps("shop").Get(t.Context(), "kept-out", metav1.GetOptions{})
		if err == nil && len(got.Finalizers) > 0 {
			err = fmt.Errorf("finalizers are %v", got.Finalizers)
		}
		return err
	})
	w.annotate("kept-out", fedv1beta1.AnnotationFederate, "")
	w.holds(gondor, "kept-out", "one")
}

func (w *world) testPreferences(t *testing.T, gondor, rohan *member) {
	t.Helper()
	d := deployment("preferred", 9)
	d.Annotations = map[string]string{fedv1beta1.AnnotationV1DeploymentPreferences: `{"rebalance":true,"clusters":{"gondor":{"weight":2},"rohan":{"weight":1}}}`}
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), d, metav1.CreateOptions{}))
	w.shares("preferred", map[*member]int32{gondor: 6, rohan: 3})
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, fedv1beta1.AnnotationV1DeploymentPreferences, `{"rebalance":true,"clusters":{"rohan":{"weight":1}}}`)
	w.must(w.api.AppsV1().Deployments("shop").Patch(t.Context(), "preferred", types.MergePatchType, patch, metav1.PatchOptions{}))
	w.shares("preferred", map[*member]int32{gondor: 0, rohan: 9})
}

// shares waits until members have so many replicas of a Deployment.
func (w *world) shares(name string, want map[*member]int32) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("replicas of %s to be divided", name), func() error {
		var errs []error
		for m, n := range want {
			got, err := m.share(w.t, name)
			if err == nil && got != n {
				err = fmt.Errorf("%s has %d, want %d", m.Name, got, n)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

func (w *world) testAutoscaler(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), deployment("scaled", 4), metav1.CreateOptions{}))
	w.shares("scaled", map[*member]int32{gondor: 2, rohan: 2})
	w.must(w.api.AutoscalingV2().HorizontalPodAutoscalers("shop").Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "scaled"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "scaled"},
			MinReplicas:    ptr.To[int32](6), MaxReplicas: 20,
		},
	}, metav1.CreateOptions{}))
	w.eventually("bounds to be divided", func() error {
		for _, m := range []*member{gondor, rohan} {
			got, err := m.Client.AutoscalingV2().HorizontalPodAutoscalers("shop").Get(t.Context(), "scaled", metav1.GetOptions{})
			if err != nil {
				return err
			}
			if *got.Spec.MinReplicas != 3 || got.Spec.MaxReplicas != 10 {
				return fmt.Errorf("%s has %d-%d", m.Name, *got.Spec.MinReplicas, got.Spec.MaxReplicas)
			}
		}
		return nil
	})
	w.shares("scaled", map[*member]int32{gondor: 3, rohan: 3}) // brought within the bounds

	// As the member's autoscaler does.
	scale, err := gondor.Client.AppsV1().Deployments("shop").GetScale(t.Context(), "scaled", metav1.GetOptions{})
	w.must(nil, err)
	scale.Spec.Replicas = 7
	w.must(gondor.Client.AppsV1().Deployments("shop").UpdateScale(t.Context(), "scaled", scale, metav1.UpdateOptions{FieldManager: "kube-controller-manager"}))
	w.must(w.api.AppsV1().Deployments("shop").Patch(t.Context(), "scaled", types.MergePatchType, []byte(`{"metadata":{"labels":{"round":"two"}}}`), metav1.PatchOptions{}))
	w.eventually("a later change to be there", func() error {
		got, err := gondor.Client.AppsV1().Deployments("shop").Get(t.Context(), "scaled", metav1.GetOptions{})
		if err == nil && got.Labels["round"] != "two" {
			err = errors.New("it is not")
		}
		return err
	})
	w.shares("scaled", map[*member]int32{gondor: 7, rohan: 3})

	w.must(nil, w.api.AutoscalingV2().HorizontalPodAutoscalers("shop").Delete(t.Context(), "scaled", metav1.DeleteOptions{}))
	w.eventually("replicas to be planned again", func() error {
		a, err1 := gondor.share(t, "scaled")
		b, err2 := rohan.share(t, "scaled")
		if err := errors.Join(err1, err2); err != nil || a+b != 4 {
			return fmt.Errorf("%d and %d: %w", a, b, err)
		}
		return nil
	})
}

func job(name string, parallelism, completions int32) *batchv1.Job {
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: batchv1.JobSpec{
			Parallelism: &parallelism, Completions: &completions,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "main", Image: "example.com/image"}},
			}},
		},
	}
}

func (w *world) testJob(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.must(w.api.BatchV1().Jobs("shop").Create(t.Context(), job("count", 4, 10), metav1.CreateOptions{}))
	for _, m := range []*member{gondor, rohan} {
		w.eventually("a part of the Job in "+m.Name, func() error {
			got, err := m.Client.BatchV1().Jobs("shop").Get(t.Context(), "count", metav1.GetOptions{})
			if err == nil && (*got.Spec.Parallelism != 2 || *got.Spec.Completions != 5) {
				err = fmt.Errorf("it is %d of %d", *got.Spec.Parallelism, *got.Spec.Completions)
			}
			return err
		})
	}
	// As the member's controllers do: the Job completes, and is tidied away.
	part, err := gondor.Client.BatchV1().Jobs("shop").Get(t.Context(), "count", metav1.GetOptions{})
	w.must(nil, err)
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	part.Status = batchv1.JobStatus{
		StartTime: &now, CompletionTime: &now, Succeeded: 5, UncountedTerminatedPods: &batchv1.UncountedTerminatedPods{}, Ready: ptr.To[int32](0),
		Conditions: []batchv1.JobCondition{
			{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now},
			{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now},
		},
	}
	w.must(gondor.Client.BatchV1().Jobs("shop").UpdateStatus(t.Context(), part, metav1.UpdateOptions{}))
	w.eventually("the part to be known as finished", func() error {
		got, err := w.api.BatchV1().Jobs("shop").Get(t.Context(), "count", metav1.GetOptions{})
		if err != nil {
			return err
		}
		var said map[string]struct{ Finished string }
		if err := json.Unmarshal([]byte(got.Annotations[fedv1beta1.AnnotationMembers]), &said); err != nil {
			return err
		}
		if said["gondor"].Finished != "Complete" || said["rohan"].Finished != "" {
			return fmt.Errorf("members are %v", said)
		}
		return nil
	})
	w.must(nil, gondor.Client.BatchV1().Jobs("shop").Delete(t.Context(), "count", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}))
	w.must(w.api.BatchV1().Jobs("shop").Patch(t.Context(), "count", types.MergePatchType, []byte(`{"metadata":{"labels":{"round":"two"}}}`), metav1.PatchOptions{}))
	w.eventually("the other part to be changed", func() error {
		got, err := rohan.Client.BatchV1().Jobs("shop").Get(t.Context(), "count", metav1.GetOptions{})
		if err == nil && (got.Labels["round"] != "two" || *got.Spec.Completions != 5) {
			err = fmt.Errorf("it has labels %v and %d completions", got.Labels, *got.Spec.Completions)
		}
		return err
	})
	if err := gone(gondor.Client.BatchV1().Jobs("shop").Get(t.Context(), "count", metav1.GetOptions{})); err != nil {
		t.Errorf("the finished part in gondor: %v", err)
	}
}

func (w *world) testJoin(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.createConfigMap(configMap("for-all", "one"))
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), deployment("resting", 6), metav1.CreateOptions{}))
	w.shares("resting", map[*member]int32{gondor: 3, rohan: 3})
	arnor := w.join("arnor", map[string]string{"side": "south"})
	w.holds(arnor, "for-all", "one")
	w.holds(arnor, "labelled", "one")
	// Without rebalance nothing is moved to who is new.
	w.shares("resting", map[*member]int32{gondor: 3, rohan: 3, arnor: 0})
	w.must(w.api.AppsV1().Deployments("shop").Patch(t.Context(), "resting", types.MergePatchType, []byte(`{"spec":{"replicas":9}}`), metav1.PatchOptions{}))
	w.shares("resting", map[*member]int32{gondor: 3, rohan: 3, arnor: 3})
	w.must(nil, w.clusters.Delete(t.Context(), &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "arnor"}}))
	w.replicas("resting", 9, gondor, rohan)
	w.shares("resting", map[*member]int32{arnor: 3}) // which is nobody's business any more
}
