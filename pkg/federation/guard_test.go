package federation

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func noWaiting(string) {}

// hasLease tells whether there is a Lease of that name.
func hasLease(t *testing.T, client kubernetes.Interface, name string) bool {
	t.Helper()
	_, err := client.CoordinationV1().Leases(fellowship.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

func TestAcquireMember(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset()
	_, gondor, err := AcquireMember(t.Context(), client, fellowship, "gondor", "frodo", noWaiting)
	if err != nil {
		t.Fatal(err)
	}
	_, rohan, err := AcquireMember(t.Context(), client, fellowship, "rohan", "sam", noWaiting)
	if err != nil {
		t.Fatalf("another member had to wait: %v", err)
	}
	if _, _, err := AcquireMember(t.Context(), client, fellowship, "gondor", "gollum", noWaiting); !errors.Is(err, ErrLocked) {
		t.Errorf("the same member: got %v, want ErrLocked", err)
	}
	lease, err := client.CoordinationV1().Leases(fellowship.Namespace).Get(t.Context(), "fellowship.gondor", metav1.GetOptions{})
	if err != nil || lease.Labels[fedv1beta1.LabelCluster] != "gondor" || lease.Labels[fedv1beta1.LabelFederation] != "fellowship" {
		t.Errorf("the Lease is %+v, %v", lease, err)
	}
	if found, err := List(t.Context(), client); err != nil || len(found) > 0 {
		t.Errorf("a member's lock makes a federation: %v, %v", found, err)
	}
	for _, lock := range []*Lock{gondor, rohan} {
		if err := lock.Remove(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if hasLease(t, client, "fellowship.gondor") {
		t.Error("the Lease is still there")
	}
}

func TestAcquireMemberWhileSomebodyIsAtWorkOnTheFederation(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset()
	_, lock, err := Acquire(t.Context(), client, fellowship, "an init", noWaiting)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := AcquireMember(t.Context(), client, fellowship, "gondor", "frodo", noWaiting); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if hasLease(t, client, "fellowship.gondor") {
		t.Error("the member's Lease is still there")
	}
	if err := lock.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	_, member, err := AcquireMember(t.Context(), client, fellowship, "gondor", "frodo", noWaiting)
	if err != nil {
		t.Fatalf("after it had ended: %v", err)
	}
	if err := member.Remove(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAcquireWhileSomebodyIsAtWorkOnAMember(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset()
	_, member, err := AcquireMember(t.Context(), client, fellowship, "gondor", "frodo", noWaiting)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Acquire(t.Context(), client, fellowship, "a delete", noWaiting)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), `member "gondor"`) || !strings.Contains(err.Error(), "frodo") {
		t.Errorf("got %v, want ErrLocked that names the member and the holder", err)
	}
	if err := member.Remove(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	_, lock, err := Acquire(t.Context(), client, fellowship, "a delete", noWaiting)
	if err != nil {
		t.Fatalf("after it had ended: %v", err)
	}
	if err := lock.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
