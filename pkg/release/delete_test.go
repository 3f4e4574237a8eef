package release

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestPodsEndedWaitsForThePodsOfTheDeployments(t *testing.T) {
	pod := func(name, component string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "fed", Labels: map[string]string{"component": component}}}
	}
	apiserver := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "apiserver", Namespace: "fed"}}
	apiserver.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"component": "apiserver"}}
	client := fake.NewClientset(pod("apiserver-1", "apiserver"), pod("etcd-0", "etcd"))

	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	if err := podsEnded(ctx, client, []*appsv1.Deployment{apiserver}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, though a pod of the Deployment is left", err)
	}
	if err := client.CoreV1().Pods("fed").Delete(t.Context(), "apiserver-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := podsEnded(t.Context(), client, []*appsv1.Deployment{apiserver}); err != nil {
		t.Fatalf("got %v, though only etcd's pod is left", err)
	}
}
