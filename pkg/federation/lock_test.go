package federation

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

var fellowship = Ref{Name: "fellowship", Namespace: "federation-system"}

func TestLock(t *testing.T) {
	client := fake.NewClientset()
	held, lock := mustAcquire(t, client, "frodo")
	if lock.TookOver() {
		t.Error("a new lock is said to be taken over")
	}
	if got := holder(t, client); got != "frodo" {
		t.Errorf("the lock is held by %q", got)
	}
	if held.Err() != nil {
		t.Errorf("the lock's context ended: %v", held.Err())
	}
	if err := lock.Release(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := holder(t, client); got != "" {
		t.Errorf("after its release the lock is held by %q", got)
	}
	if held.Err() == nil {
		t.Error("the lock's context goes on after its release")
	}
	_, lock = mustAcquire(t, client, "sam")
	if err := lock.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoordinationV1().Leases(fellowship.Namespace).Get(context.Background(), "fellowship-fedhelm", metav1.GetOptions{}); err == nil {
		t.Error("the Lease is still there")
	}
}

func TestLockOfSomebodyAlive(t *testing.T) {
	client := fake.NewClientset()
	mustAcquire(t, client, "frodo") // renews every lockRenewal
	var reasons []string
	_, _, err := Acquire(context.Background(), client, fellowship, "gollum", func(r string) { reasons = append(reasons, r) })
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "frodo") {
		t.Fatalf("got %v, want ErrLocked naming the holder", err)
	}
	if len(reasons) == 0 || !strings.Contains(reasons[0], "frodo") {
		t.Errorf("waiting was explained by %q", reasons)
	}
	if got := holder(t, client); got != "frodo" {
		t.Errorf("the lock is held by %q", got)
	}
}

func TestLockOfSomebodyDeadIsTakenAfterAWhile(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset(leaseOf("boromir", time.Now()))
	began := time.Now()
	if _, lock := mustAcquire(t, client, "frodo"); !lock.TookOver() {
		t.Error("nobody is told that the last holder never gave it back")
	}
	if waited := time.Since(began); waited < lockDuration {
		t.Errorf("it was taken after %s, when its holder may still have lived", waited)
	}
	if got := holder(t, client); got != "frodo" {
		t.Errorf("the lock is held by %q", got)
	}
}

func TestLockOfSomebodyWhoseClockIsBehindIsNotTaken(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*lockPoll)
	defer cancel()
	client := fake.NewClientset(leaseOf("treebeard", time.Now().Add(-time.Hour)))
	if _, _, err := Acquire(ctx, client, fellowship, "frodo", func(string) {}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the deadline", err)
	}
	if got := holder(t, client); got != "treebeard" {
		t.Errorf("the lock is held by %q", got)
	}
}

func TestLockThatSomebodyTookIsNotRemoved(t *testing.T) {
	client := fake.NewClientset()
	_, lock := mustAcquire(t, client, "frodo")
	if _, err := client.CoordinationV1().Leases(fellowship.Namespace).Update(context.Background(), leaseOf("gollum", time.Now()), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := lock.Remove(context.Background()); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if got := holder(t, client); got != "gollum" {
		t.Errorf("the lock is held by %q", got)
	}
}

func TestLockWaitsNoLongerThanItsContext(t *testing.T) {
	client := fake.NewClientset(leaseOf("boromir", time.Now()))
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	if _, _, err := Acquire(ctx, client, fellowship, "frodo", func(string) {}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the deadline", err)
	}
	if got := holder(t, client); got != "boromir" {
		t.Errorf("the lock is held by %q, though nobody can know that its holder is dead", got)
	}
}

func TestLockThatIsTakenAwayEndsTheWork(t *testing.T) {
	client := fake.NewClientset()
	held, _ := mustAcquire(t, client, "frodo")
	if _, err := client.CoordinationV1().Leases(fellowship.Namespace).Update(context.Background(), leaseOf("gollum", time.Now()), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-held.Done():
	case <-time.After(2 * lockRenewal):
		t.Fatal("the work goes on without the lock")
	}
	if cause := context.Cause(held); !errors.Is(cause, ErrLocked) || !strings.Contains(cause.Error(), "gollum") {
		t.Errorf("it ended with %v", cause)
	}
}

func TestNoteOutlivesItsWriter(t *testing.T) {
	client := fake.NewClientset()
	_, lock := mustAcquire(t, client, "frodo")
	if got, err := lock.Note(context.Background(), "ca", ""); err != nil || got != "" {
		t.Fatalf("a note that nobody wrote is %q, %v", got, err)
	}
	if got, err := lock.Note(context.Background(), "ca", "one ring\n"); err != nil || got != "one ring\n" {
		t.Fatalf("Note = %q, %v", got, err)
	}
	if err := lock.Release(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, lock = mustAcquire(t, client, "sam")
	if got, err := lock.Note(context.Background(), "ca", ""); err != nil || got != "one ring\n" {
		t.Errorf("the next holder reads %q, %v", got, err)
	}
}

// mustAcquire takes the lock, and gives it back when the test ends.
func mustAcquire(t *testing.T, client kubernetes.Interface, who string) (context.Context, *Lock) {
	t.Helper()
	held, lock, err := Acquire(context.Background(), client, fellowship, who, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lock.Release(context.Background()); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	return held, lock
}

func holder(t *testing.T, client kubernetes.Interface) string {
	t.Helper()
	lease, err := client.CoordinationV1().Leases(fellowship.Namespace).Get(context.Background(), "fellowship-fedhelm", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ptr.Deref(lease.Spec.HolderIdentity, "")
}

func leaseOf(who string, renewed time.Time) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-fedhelm", Namespace: fellowship.Namespace},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &who, RenewTime: ptr.To(metav1.NewMicroTime(renewed))},
	}
}
