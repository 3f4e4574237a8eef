package federation

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
)

// labelled is an object of a federation in our namespace, managed by somebody.
func labelled(name, federation, managedBy string) metav1.ObjectMeta {
	labels := Ref{Name: federation}.labels("x")
	labels[LabelManagedBy] = managedBy
	return metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace, Labels: labels}
}

func clusterLabelled(name string) metav1.ObjectMeta {
	m := labelled(name, "fellowship", "Helm")
	m.Namespace = ""
	return m
}

func TestSweep(t *testing.T) {
	client := fake.NewClientset(
		&corev1.Secret{ObjectMeta: labelled("fellowship-ca", "fellowship", ManagedByHook)},
		&corev1.Secret{ObjectMeta: labelled("fellowship-dns-provider", "fellowship", ManagedBy)},
		&corev1.Secret{ObjectMeta: labelled("fellowship-users-own", "fellowship", "someone")},
		&corev1.Secret{ObjectMeta: labelled("other-ca", "other", ManagedByHook)},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: fellowship.Namespace}},
		&batchv1.Job{ObjectMeta: labelled("fellowship-pki", "fellowship", "Helm")},
		&corev1.ServiceAccount{ObjectMeta: labelled("fellowship-pki", "fellowship", "Helm")},
		&corev1.ServiceAccount{ObjectMeta: labelled("other-pki", "other", "Helm")},
		&rbacv1.Role{ObjectMeta: labelled("fellowship-pki", "fellowship", "Helm")},
		&rbacv1.RoleBinding{ObjectMeta: labelled("fellowship-pki", "fellowship", "Helm")},
		&rbacv1.ClusterRole{ObjectMeta: clusterLabelled("fedhelm:federation-system:fellowship:publish")},
		&rbacv1.ClusterRole{ObjectMeta: clusterLabelled("fedhelm:elsewhere:fellowship:publish")},
		&rbacv1.ClusterRoleBinding{ObjectMeta: clusterLabelled("fedhelm:federation-system:fellowship:publish")},
	)
	for range 2 {
		if err := Sweep(context.Background(), client, fellowship); err != nil {
			t.Fatal(err)
		}
	}
	ctx, all := context.Background(), metav1.ListOptions{}
	secrets, _ := client.CoreV1().Secrets("").List(ctx, all)
	accounts, _ := client.CoreV1().ServiceAccounts("").List(ctx, all)
	jobs, _ := client.BatchV1().Jobs("").List(ctx, all)
	roles, _ := client.RbacV1().Roles("").List(ctx, all)
	bindings, _ := client.RbacV1().RoleBindings("").List(ctx, all)
	clusterRoles, _ := client.RbacV1().ClusterRoles().List(ctx, all)
	clusterBindings, _ := client.RbacV1().ClusterRoleBindings().List(ctx, all)

	var left []string
	for i := range secrets.Items {
		left = append(left, secrets.Items[i].Name)
	}
	slices.Sort(left)
	if want := []string{"fellowship-users-own", "mine", "other-ca"}; !slices.Equal(left, want) {
		t.Errorf("Secrets left: %v, want %v", left, want)
	}
	if len(accounts.Items) != 1 || len(jobs.Items)+len(roles.Items)+len(bindings.Items)+len(clusterBindings.Items) != 0 {
		t.Errorf("left: %d ServiceAccounts, %d Jobs, %d Roles, %d RoleBindings, %d ClusterRoleBindings; want 1, 0, 0, 0, 0",
			len(accounts.Items), len(jobs.Items), len(roles.Items), len(bindings.Items), len(clusterBindings.Items))
	}
	if len(clusterRoles.Items) != 1 || clusterRoles.Items[0].Name != "fedhelm:elsewhere:fellowship:publish" {
		t.Errorf("ClusterRoles left: %d, want the one of the namespace elsewhere", len(clusterRoles.Items))
	}
}

func TestClaims(t *testing.T) {
	claim := func(name, federation string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: labelled(name, federation, "Helm")}
	}
	client := fake.NewClientset(
		claim("data-fellowship-etcd-0", "fellowship"), claim("data-fellowship-etcd-1", "fellowship"),
		claim("data-other-etcd-0", "other"), claim("brought-along", "fellowship"),
	)
	got, err := Claims(context.Background(), client, fellowship)
	if want := []string{"data-fellowship-etcd-0", "data-fellowship-etcd-1"}; err != nil || !slices.Equal(got, want) {
		t.Fatalf("Claims = %v, %v; want %v", got, err, want)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for range 2 {
		if err := RemoveClaims(ctx, client, fellowship, got); err != nil {
			t.Fatal(err)
		}
	}
	left, _ := client.CoreV1().PersistentVolumeClaims("").List(ctx, metav1.ListOptions{})
	if len(left.Items) != 2 {
		t.Errorf("%d claims are left, want those of the other federation and of the user", len(left.Items))
	}
}

func TestBegun(t *testing.T) {
	if got, err := Begun(context.Background(), fake.NewClientset(), fellowship); err != nil || got {
		t.Errorf("in an empty namespace: %v, %v", got, err)
	}
	secret := &corev1.Secret{ObjectMeta: labelled("fellowship-ca", "fellowship", ManagedByHook)}
	if got, err := Begun(context.Background(), fake.NewClientset(secret), fellowship); err != nil || !got {
		t.Errorf("with a Secret: %v, %v", got, err)
	}
	if got, err := Begun(context.Background(), fake.NewClientset(leaseOf("", time.Now())), fellowship); err != nil || !got {
		t.Errorf("with a lock: %v, %v", got, err)
	}
}

// An error of the request would be taken for a host cluster that does not answer.
func TestTheLimitEndsTheWaitForPodsAlsoInTheMiddleOfARequest(t *testing.T) {
	limit := errors.New("the limit")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, limit)
	defer cancel()
	client := fake.NewClientset()
	client.PrependReactor("list", "pods", func(k8stesting.Action) (bool, runtime.Object, error) {
		<-ctx.Done()
		return true, nil, &url.Error{Op: "Get", URL: "https://192.0.2.1/api/v1/pods", Err: ctx.Err()}
	})
	err := WaitPodsGone(ctx, client, fellowship)
	var request *url.Error
	if !errors.Is(err, limit) || errors.As(err, &request) {
		t.Errorf("ends with %v, want the limit", err)
	}
}
