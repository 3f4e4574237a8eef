package cleanup

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

func put(f *fakehost.Secrets, name string, labels map[string]string) {
	f.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "federation-system", Labels: labels}})
}

// namespace is one with two federations in it, and what users keep there.
func namespace() *fakehost.Secrets {
	f := &fakehost.Secrets{}
	for _, which := range secrets.MadeByHooks() {
		put(f, "fellowship-"+which, secrets.Labels("fellowship"))
		put(f, "other-"+which, secrets.Labels("other"))
	}
	put(f, "fellowship-dns-provider", map[string]string{secrets.LabelManagedBy: "fedhelm", secrets.LabelInstance: "fellowship"})
	put(f, "fellowship-gondor", map[string]string{secrets.LabelManagedBy: "fedhelm", secrets.LabelInstance: "fellowship"})
	put(f, "unrelated", nil)
	return f
}

func names(f *fakehost.Secrets) []string { return slices.Sorted(maps.Keys(f.All())) }

func run(t *testing.T, f *fakehost.Secrets) error {
	t.Helper()
	return Run(t.Context(), Options{Federation: "fellowship", Namespace: "federation-system", Secrets: f})
}

func TestOnlyWhatHooksMadeGoes(t *testing.T) {
	f := namespace()
	put(f, "fellowship-admin-certs", nil)                       // the user's own
	put(f, "fellowship-ca", secrets.Labels("fellowship-again")) // another federation's
	want := []string{"fellowship-admin-certs", "fellowship-ca", "fellowship-gondor", "unrelated"}
	for _, which := range secrets.MadeByHooks() {
		want = append(want, "other-"+which)
	}
	slices.Sort(want)

	for range 2 { // the second time there is nothing to do
		if err := run(t, f); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names(f)); diff != "" {
			t.Errorf("left behind (-want +got):\n%s", diff)
		}
	}
}

func TestDNSProviderOfTheUsersOwnStays(t *testing.T) {
	f := &fakehost.Secrets{}
	put(f, "fellowship-dns-provider", map[string]string{"mine": "true"})
	if err := run(t, f); err != nil {
		t.Fatal(err)
	}
	if len(f.All()) != 1 {
		t.Error("it was deleted")
	}
}

func TestOneFailureDoesNotKeepTheOthers(t *testing.T) {
	f := namespace()
	f.FailWrite = 3
	if err := run(t, f); !errors.Is(err, fakehost.ErrInjected) {
		t.Fatalf("Run = %v", err)
	}
	left := 0
	for _, which := range secrets.MadeByHooks() {
		if f.All()["fellowship-"+which] != nil {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d Secrets are left, want the one that failed", left)
	}
	if err := run(t, f); err != nil {
		t.Fatal(err)
	}
	for _, which := range secrets.MadeByHooks() {
		if f.All()["fellowship-"+which] != nil {
			t.Errorf("%s is still there", which)
		}
	}
}
