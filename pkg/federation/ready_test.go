package federation

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func deployment(ready int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-apiserver", Namespace: fellowship.Namespace, Generation: 2, Labels: fellowship.labels("apiserver")},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(int32(2))},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: ready},
	}
}

func statefulSet(ready int32) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-etcd", Namespace: fellowship.Namespace, Labels: fellowship.labels("etcd")},
		Spec:       appsv1.StatefulSetSpec{Replicas: ptr.To(int32(1))},
		Status:     appsv1.StatefulSetStatus{UpdatedReplicas: 1, ReadyReplicas: ready, CurrentRevision: "a", UpdateRevision: "a"},
	}
}

func TestWorkloadDone(t *testing.T) {
	tests := []struct {
		name   string
		change func(*appsv1.Deployment)
		want   bool
	}{
		{name: "all ready", want: true},
		{name: "one not ready", change: func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 1 }},
		{name: "the controller has not seen the change yet", change: func(d *appsv1.Deployment) { d.Generation = 3 }},
		{name: "an old pod is still there", change: func(d *appsv1.Deployment) { d.Status.Replicas = 3 }},
		{name: "a new pod is still to come", change: func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 }},
		{name: "scaled to none", change: func(d *appsv1.Deployment) {
			d.Spec.Replicas, d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.ReadyReplicas = ptr.To(int32(0)), 0, 0, 0
		}, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deployment(2)
			if tt.change != nil {
				tt.change(d)
			}
			if w := ofDeployment(d); w.Done() != tt.want {
				t.Errorf("%+v is done: %v", w, w.Done())
			}
		})
	}
}

func TestStatefulSetThatRollsIsNotDone(t *testing.T) {
	s := statefulSet(1)
	s.Status.UpdateRevision = "b"
	if w := ofStatefulSet(s); w.Done() {
		t.Errorf("%+v is done", w)
	}
}

func TestWaitReadyReturnsWithTheLastChange(t *testing.T) {
	client := fake.NewClientset(deployment(1), statefulSet(1), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: fellowship.Namespace}})
	result := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	go func() { result <- WaitReady(ctx, client, fellowship) }()
	select {
	case err := <-result:
		t.Fatalf("returned %v with a pod that is not ready", err)
	case <-time.After(100 * time.Millisecond):
	}
	if _, err := client.AppsV1().Deployments(fellowship.Namespace).UpdateStatus(ctx, deployment(2), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-result:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Second):
		t.Error("does not see the change")
	}
}

func TestWaitReadyEndsWithItsContext(t *testing.T) {
	cause := errors.New("the limit")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, cause)
	defer cancel()
	if err := WaitReady(ctx, fake.NewClientset(), fellowship); !errors.Is(err, cause) {
		t.Errorf("without any workload: %v, want the context's cause", err)
	}
}
