package federation

import (
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestPodCountsItsSidecarsAsKubectlDoes(t *testing.T) {
	pod := &corev1.Pod{
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{
				{Name: "bootstrap"},
				{Name: "health", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)},
			},
			Containers: []corev1.Container{{Name: "apiserver"}},
		},
		Status: corev1.PodStatus{
			InitContainerStatuses: []corev1.ContainerStatus{
				{Name: "bootstrap", Ready: true, RestartCount: 1},
				{Name: "health", Ready: true, RestartCount: 2},
			},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "apiserver", RestartCount: 4}},
		},
	}
	if got := ofPod(pod); got.Wanted != 2 || got.Ready != 1 || got.Restarts != 6 {
		t.Errorf("%d of %d containers ready, %d restarts; want 1 of 2, and 6", got.Ready, got.Wanted, got.Restarts)
	}
	if got := slices.Sorted(maps.Keys(lasting(pod))); !slices.Equal(got, []string{"apiserver", "health"}) {
		t.Errorf("lasting containers: %v", got)
	}
}
