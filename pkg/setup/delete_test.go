package setup

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// running is a world with a federation in it.
func running(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if _, err := Init(context.Background(), w.init()); err != nil {
		t.Fatal(err)
	}
	w.put(&corev1.PersistentVolumeClaim{ObjectMeta: labelled("data-fellowship-etcd-0", "Helm")})
	return w
}

func TestDeleteWithDataLeavesNothing(t *testing.T) {
	t.Parallel()
	w := running(t)
	o := w.delete()
	o.PurgeData = true
	var asked Plan
	o.Confirm = func(p Plan) (bool, error) { asked = p; return true, nil }
	result, err := Delete(context.Background(), o)
	if err != nil || !result.Deleted || !result.NamespaceDeleted || len(result.DataKept) > 0 || !slices.Equal(result.DataPurged, []string{"data-fellowship-etcd-0"}) {
		t.Fatalf("Delete = %+v, %v", result, err)
	}
	if !asked.Purge || !slices.Equal(asked.Claims, []string{"data-fellowship-etcd-0"}) {
		t.Errorf("the question was about %+v", asked)
	}
	if got := w.objects(); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
	if got := w.entry(); got != "" {
		t.Errorf("the kubeconfig still leads to %q", got)
	}
	if _, err := Delete(context.Background(), o); !errors.Is(err, ErrNotFound) {
		t.Errorf("the second time: %v, want ErrNotFound", err)
	}
}

func TestDeleteOfWhatChangedSinceItWasConfirmed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world)
	}{
		{name: "a cluster joined", change: func(w *world) {
			member := labelled("gondor", "fedhelm")
			member.Labels[fedv1beta1.LabelFederation], member.Labels[fedv1beta1.LabelCluster] = fellowship.Name, "gondor"
			w.put(&corev1.Secret{ObjectMeta: member})
		}},
		{name: "somebody upgraded it", change: func(w *world) { w.info.Revision++ }},
		{name: "there is more data", change: func(w *world) {
			w.put(&corev1.PersistentVolumeClaim{ObjectMeta: labelled("data-fellowship-etcd-1", "Helm")})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := running(t)
			o := w.delete()
			o.Confirm = func(Plan) (bool, error) { tt.change(w); return true, nil }
			if _, err := Delete(context.Background(), o); !errors.Is(err, ErrRefused) {
				t.Errorf("got %v, want ErrRefused", err)
			}
			if len(w.uninstall) > 0 || !slices.Contains(w.objects(), "deployment/fellowship-apiserver") {
				t.Errorf("something was taken down: %v", w.objects())
			}
		})
	}
}

func TestDeleteKeepsTheData(t *testing.T) {
	t.Parallel()
	w := running(t)
	result, err := Delete(context.Background(), w.delete())
	if err != nil || !slices.Equal(result.DataKept, []string{"data-fellowship-etcd-0"}) || result.NamespaceDeleted {
		t.Fatalf("Delete = %+v, %v", result, err)
	}
	if got, want := w.objects(), []string{"claim/data-fellowship-etcd-0", "namespace/federation-system"}; !slices.Equal(got, want) {
		t.Errorf("left: %v, want %v", got, want)
	}
	if _, err := Init(context.Background(), w.init()); err != nil {
		t.Errorf("Init afterwards: %v", err)
	}
	o := w.delete()
	if _, err := Delete(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	o.PurgeData = true // of a federation that is gone already
	if _, err := Delete(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if got := w.objects(); len(got) > 0 {
		t.Errorf("left after purging later: %v", got)
	}
}

func TestDeleteThatIsNotConfirmedDoesNothing(t *testing.T) {
	t.Parallel()
	w := running(t)
	before := w.objects()
	o := w.delete()
	o.Confirm = func(Plan) (bool, error) { return false, nil }
	result, err := Delete(context.Background(), o)
	if err != nil || result.Deleted {
		t.Errorf("Delete = %+v, %v", result, err)
	}
	if got := w.objects(); !slices.Equal(got, before) || w.entry() == "" {
		t.Errorf("left: %v, want %v and the kubeconfig's entry", got, before)
	}
}

func TestDeleteWithMembers(t *testing.T) {
	t.Parallel()
	w := running(t)
	w.put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "gondor", Namespace: fellowship.Namespace, Labels: map[string]string{
		fedv1beta1.LabelFederation: "fellowship", fedv1beta1.LabelCluster: "gondor",
	}}})
	before := w.objects()
	o := w.delete()
	_, err := Delete(context.Background(), o)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "gondor") || len(w.uninstall) > 0 {
		t.Fatalf("got %v, and Helm was asked %d times; want a refusal that names the member", err, len(w.uninstall))
	}
	if got := w.objects(); !slices.Equal(got, before) {
		t.Errorf("left: %v, want %v", got, before)
	}
	// The mark for the teardown hook is seen while Helm is at work.
	w.uninstallErr = errors.New("stop here")
	o.Force, o.KeepDNSRecords = true, true
	if _, err := Delete(context.Background(), o); err == nil {
		t.Fatal("no error")
	}
	service, err := w.client.CoreV1().Services(fellowship.Namespace).Get(context.Background(), "fellowship-apiserver", metav1.GetOptions{})
	if err != nil || service.Annotations[fedv1beta1.AnnotationTeardown] != fedv1beta1.TeardownForce {
		t.Errorf("the Service's annotations are %v, %v", service.Annotations, err)
	}
	if service.Annotations[fedv1beta1.AnnotationTeardownDNS] != fedv1beta1.TeardownDNSSkip {
		t.Errorf("the hook is not told to leave the records: %v", service.Annotations)
	}
	w.uninstallErr = nil
	if _, err := Delete(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if got := w.objects(); !slices.Contains(got, "secret/gondor") {
		t.Errorf("the member's Secret is gone: %v", got)
	}
}

func TestDeleteGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	w := running(t)
	w.uninstallErr = &release.HookError{Job: "fellowship-teardown", Message: "no luck"}
	if _, err := Delete(context.Background(), w.delete()); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Fatalf("got %v, want the hook's error", err)
	}
	// The Secret that tells whose the kubeconfig's entry is went first; the second run knows all the same.
	if err := w.client.CoreV1().Secrets(fellowship.Namespace).Delete(context.Background(), "fellowship-kubeconfig", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.uninstallErr = nil
	if _, err := Delete(context.Background(), w.delete()); err != nil {
		t.Fatal(err)
	}
	if got := w.entry(); got != "" {
		t.Errorf("the kubeconfig still leads to %q", got)
	}
}

func TestDeleteOfABrokenRelease(t *testing.T) {
	t.Parallel()
	t.Run("one that never came up is removed without its hooks", func(t *testing.T) {
		w := newWorld(t)
		w.applyErr = &release.HookError{Job: "fellowship-pki", Message: "image not found"}
		if _, err := Init(context.Background(), w.init()); err == nil {
			t.Fatal("no error")
		}
		if _, err := Delete(context.Background(), w.delete()); err != nil {
			t.Fatal(err)
		}
		if len(w.uninstall) != 1 || !w.uninstall[0].NoHooks {
			t.Errorf("Helm was asked %+v", w.uninstall)
		}
		if got := w.objects(); len(got) > 0 {
			t.Errorf("left: %v", got)
		}
	})
	t.Run("one whose hooks cannot run is removed with force", func(t *testing.T) {
		w := running(t)
		w.uninstallErr = &release.HookError{Job: "fellowship-teardown", Message: "image not found"}
		o := w.delete()
		o.Force = true
		if _, err := Delete(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(w.out.String(), "image not found") {
			t.Errorf("nothing was said of the hook:\n%s", w.out.String())
		}
	})
}

func TestDeleteOfWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	t.Run("objects that another tool installed", func(t *testing.T) {
		w := newWorld(t)
		w.put(w.deployment())
		_, err := Delete(context.Background(), w.delete())
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "the tool that installed it") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a release of another chart", func(t *testing.T) {
		w := newWorld(t)
		w.info = &release.Info{Name: "fellowship", ChartName: "wordpress", Deployed: true}
		_, err := Delete(context.Background(), w.delete())
		if !errors.Is(err, ErrRefused) || len(w.uninstall) > 0 {
			t.Errorf("got %v, and Helm was asked %d times", err, len(w.uninstall))
		}
	})
	t.Run("nothing at all", func(t *testing.T) {
		w := newWorld(t)
		if _, err := Delete(context.Background(), w.delete()); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if got := w.objects(); len(got) > 0 {
			t.Errorf("made: %v", got)
		}
	})
	t.Run("an entry of the kubeconfig that leads elsewhere", func(t *testing.T) {
		w := running(t)
		other := "apiVersion: v1\nkind: Config\nclusters: [{name: fellowship, cluster: {server: \"https://other\"}}]\ncontexts: []\nusers: []\n"
		if err := os.WriteFile(w.file, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Delete(context.Background(), w.delete()); err != nil {
			t.Fatal(err)
		}
		if got := w.entry(); got != "https://other" {
			t.Errorf("the entry is %q now", got)
		}
	})
}
