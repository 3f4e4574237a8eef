package secrets_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

func put(f *fakehost.Secrets, labels map[string]string, value string) {
	f.Put(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-ca", Namespace: "ns", Labels: labels},
		Data:       map[string][]byte{"key": []byte(value)},
	})
}

func store(f *fakehost.Secrets) secrets.Store {
	return secrets.Store{Client: f, Federation: "fellowship", Namespace: "ns"}
}

func set(value string) func(*corev1.Secret) error {
	return func(s *corev1.Secret) error {
		s.Data["key"] = []byte(value)
		return nil
	}
}

func TestEnsure(t *testing.T) {
	tests := []struct {
		name    string
		before  func(*fakehost.Secrets)
		outcome secrets.Outcome
		writes  int
	}{
		{"what is missing is made", func(*fakehost.Secrets) {}, secrets.Made, 1},
		{"what is as it should be is kept", func(f *fakehost.Secrets) { put(f, secrets.Labels("fellowship"), "new") }, secrets.Kept, 0},
		{"what is not is changed", func(f *fakehost.Secrets) { put(f, secrets.Labels("fellowship"), "old") }, secrets.Changed, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakehost.Secrets{}
			tt.before(f)
			got, outcome, err := store(f).Ensure(t.Context(), secrets.CA, set("new"))
			if err != nil || outcome != tt.outcome || f.Writes != tt.writes {
				t.Errorf("outcome %q after %d writes, error %v", outcome, f.Writes, err)
			}
			if is := f.All()["fellowship-ca"]; string(is.Data["key"]) != "new" || string(got.Data["key"]) != "new" || secrets.Owned(is, "fellowship") != nil {
				t.Errorf("it is now %v", is)
			}
		})
	}
}

func TestEnsureLosesToAnotherWriterAndTriesAgain(t *testing.T) {
	tests := []struct {
		name  string
		exist bool
		rival func(*fakehost.Secrets)
	}{
		{"another one made it first", false, func(f *fakehost.Secrets) { put(f, secrets.Labels("fellowship"), "rival") }},
		{"another one changed it first", true, func(f *fakehost.Secrets) { put(f, secrets.Labels("fellowship"), "rival") }},
		{"another one deleted it", true, func(f *fakehost.Secrets) { f.Remove("fellowship-ca") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakehost.Secrets{}
			if tt.exist {
				put(f, secrets.Labels("fellowship"), "old")
			}
			seen := 0
			_, _, err := store(f).Ensure(t.Context(), secrets.CA, func(s *corev1.Secret) error {
				if seen++; seen == 1 {
					tt.rival(f)
				}
				s.Data["key"] = append(s.Data["key"], " and mine"...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want := "rival and mine"
			if strings.Contains(tt.name, "deleted") {
				want = " and mine"
			}
			if got := string(f.All()["fellowship-ca"].Data["key"]); got != want || seen != 2 {
				t.Errorf("it is %q after %d attempts", got, seen)
			}
		})
	}
}

func TestEnsureGivesUpWhenItAlwaysLoses(t *testing.T) {
	f := &fakehost.Secrets{}
	_, _, err := store(f).Ensure(t.Context(), secrets.CA, func(s *corev1.Secret) error {
		put(f, secrets.Labels("fellowship"), "rival")
		s.Data["key"] = []byte("mine")
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "all the time") {
		t.Errorf("Ensure = %v", err)
	}
}

func TestEnsureWritesNothingWhenChangeFails(t *testing.T) {
	f, broken := &fakehost.Secrets{}, errors.New("broken")
	_, _, err := store(f).Ensure(t.Context(), secrets.CA, func(*corev1.Secret) error { return broken })
	if !errors.Is(err, broken) || f.Writes != 0 {
		t.Errorf("%d writes, error %v", f.Writes, err)
	}
}

func TestEnsureLeavesAloneWhatIsNotOurs(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"the user's":           nil,
		"the chart's":          {secrets.LabelManagedBy: "Helm", secrets.LabelInstance: "fellowship"},
		"another federation's": secrets.Labels("fellowship-two"),
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakehost.Secrets{}
			put(f, labels, "old")
			_, _, err := store(f).Ensure(t.Context(), secrets.CA, set("new"))
			if err == nil || !strings.Contains(err.Error(), "ns/fellowship-ca") || f.Writes != 0 {
				t.Errorf("%d writes, error %v", f.Writes, err)
			}
		})
	}
}
