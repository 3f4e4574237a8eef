package federation

import (
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

func TestEnsureNamespace(t *testing.T) {
	client := fake.NewClientset()
	made, err := EnsureNamespace(context.Background(), client, "federation-system")
	if err != nil || !made {
		t.Fatalf("EnsureNamespace = %v, %v; want it made", made, err)
	}
	found, err := client.CoreV1().Namespaces().Get(context.Background(), "federation-system", metav1.GetOptions{})
	if err != nil || found.Labels[LabelManagedBy] != ManagedBy {
		t.Errorf("the namespace is %+v, %v; want our label", found, err)
	}
	if made, err = EnsureNamespace(context.Background(), client, "federation-system"); err != nil || made {
		t.Errorf("the second time: %v, %v; want nothing made", made, err)
	}
}

func TestEnsureNamespaceThatIsBeingDeleted(t *testing.T) {
	dying := namespaceOf("")
	dying.Status.Phase = corev1.NamespaceTerminating
	_, err := EnsureNamespace(context.Background(), fake.NewClientset(dying), fellowship.Namespace)
	if err == nil || !strings.Contains(err.Error(), "being deleted") {
		t.Errorf("got %v", err)
	}
}

func TestRemoveNamespace(t *testing.T) {
	in := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace}
	}
	tests := []struct {
		name    string
		objects []runtime.Object
		want    bool
	}{
		{name: "one that is not there is not removed"},
		{name: "ours, and empty, goes", objects: []runtime.Object{namespaceOf(ManagedBy)}, want: true},
		{name: "somebody else's stays", objects: []runtime.Object{namespaceOf("")}},
		{name: "what Kubernetes puts everywhere is nothing", objects: []runtime.Object{
			namespaceOf(ManagedBy), &corev1.ConfigMap{ObjectMeta: in("kube-root-ca.crt")}, &corev1.ServiceAccount{ObjectMeta: in("default")},
		}, want: true},
		{name: "a Secret of the user's keeps it", objects: []runtime.Object{namespaceOf(ManagedBy), &corev1.Secret{ObjectMeta: in("mine")}}},
		{name: "a ConfigMap keeps it", objects: []runtime.Object{namespaceOf(ManagedBy), &corev1.ConfigMap{ObjectMeta: in("mine")}}},
		{name: "data keeps it", objects: []runtime.Object{namespaceOf(ManagedBy), &corev1.PersistentVolumeClaim{ObjectMeta: in("data-a-etcd-0")}}},
		{name: "another federation keeps it", objects: []runtime.Object{namespaceOf(ManagedBy), &appsv1.Deployment{ObjectMeta: in("other-apiserver")}}},
		{name: "a pod of somebody's keeps it", objects: []runtime.Object{namespaceOf(ManagedBy), &corev1.Pod{ObjectMeta: in("mine")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := fake.NewClientset(tt.objects...)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			got, err := RemoveNamespace(ctx, client, fellowship.Namespace)
			if err != nil || got != tt.want {
				t.Fatalf("RemoveNamespace = %v, %v; want %v", got, err, tt.want)
			}
			_, err = client.CoreV1().Namespaces().Get(ctx, fellowship.Namespace, metav1.GetOptions{})
			if gone := apierrors.IsNotFound(err); gone != (tt.want || len(tt.objects) == 0) {
				t.Errorf("the namespace is gone: %v", gone)
			}
		})
	}
}

func namespaceOf(managedBy string) *corev1.Namespace {
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fellowship.Namespace, UID: "1"}}
	if managedBy != "" {
		n.Labels = map[string]string{LabelManagedBy: managedBy}
	}
	return n
}
