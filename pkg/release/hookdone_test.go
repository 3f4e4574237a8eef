package release

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestReadDone(t *testing.T) {
	tests := []struct {
		name, log string
		wantErr   bool
	}{
		{name: "the last word of a hook that succeeded", log: "made secret fellowship-ca\ndone\n"},
		{name: "a hook that failed", log: "made secret fellowship-ca\nerror: forbidden\n", wantErr: true},
		{name: "a hook that was killed", log: "made secret fell", wantErr: true},
		{name: "the word within a line", log: "almost done\n", wantErr: true},
		{name: "no log", wantErr: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := readDone(strings.NewReader(tt.log)); (err != nil) != tt.wantErr {
				t.Errorf("readDone = %v, want an error: %v", err, tt.wantErr)
			}
		})
	}
}

func TestSpeaks(t *testing.T) {
	running := corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	waiting := corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}}
	tests := []struct {
		name       string
		containers int
		statuses   []corev1.ContainerStatus
		want       bool
	}{
		{name: "not started", containers: 1},
		{name: "being created", containers: 1, statuses: []corev1.ContainerStatus{waiting}},
		{name: "running", containers: 1, statuses: []corev1.ContainerStatus{running}, want: true},
		{name: "with a container that somebody added", containers: 2, statuses: []corev1.ContainerStatus{running, running}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &corev1.Pod{
				Spec:   corev1.PodSpec{Containers: make([]corev1.Container, tt.containers)},
				Status: corev1.PodStatus{ContainerStatuses: tt.statuses},
			}
			if got := speaks(pod); got != tt.want {
				t.Errorf("speaks = %v, want %v", got, tt.want)
			}
		})
	}
}
