package release

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestEndedWell(t *testing.T) {
	ended := func(code int32) corev1.ContainerStatus {
		return corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}
	}
	running := corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	tests := []struct {
		name     string
		statuses []corev1.ContainerStatus
		want     bool
	}{
		{name: "a pod that has not started"},
		{name: "a running container", statuses: []corev1.ContainerStatus{running, ended(0)}},
		{name: "one container of two known", statuses: []corev1.ContainerStatus{ended(0)}},
		{name: "a container that failed", statuses: []corev1.ContainerStatus{ended(0), ended(1)}},
		{name: "all ended well", statuses: []corev1.ContainerStatus{ended(0), ended(0)}, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &corev1.Pod{
				Spec:   corev1.PodSpec{Containers: make([]corev1.Container, 2)},
				Status: corev1.PodStatus{ContainerStatuses: tt.statuses},
			}
			if got := endedWell(pod); got != tt.want {
				t.Errorf("endedWell = %v, want %v", got, tt.want)
			}
		})
	}
}
