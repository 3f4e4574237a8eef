package join

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// meanwhile does something at the first request of that kind to the host cluster.
func (m *meeting) meanwhile(verb, resource string, do func()) {
	done := false
	m.host.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		if !done {
			done = true
			do()
		}
		return false, nil, nil
	})
}

func TestJoinAtTheSameTimeAsAnotherCluster(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	m.meanwhile("create", "leases", func() { m.register("gondor", "uid-of-another") }) // after the checks, before the lock
	_, err := m.join(m.options())
	if !errors.Is(err, setup.ErrRefused) || !strings.Contains(err.Error(), "is that of another cluster") {
		t.Errorf("got %v, want a refusal", err)
	}
	delete(m.realm.all, "gondor")
	if diff := cmp.Diff(newMeeting(t).state(), m.state()); diff != "" {
		t.Errorf("something was written (-before +after):\n%s", diff)
	}
}

func TestJoinOfOneClusterUnderTwoNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, other string
		gives       bool
	}{
		{name: "the younger gives way", other: "arnor", gives: true},
		{name: "the older stays", other: "rohan"}, // of the same second, the one that comes first by name
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			m.meanwhile("patch", "secrets", func() { m.register(tt.other, gondorUID) }) // both are past all checks
			_, err := m.join(m.options())
			if tt.gives != errors.Is(err, setup.ErrRefused) || tt.gives != (err != nil) {
				t.Fatalf("Join = %v", err)
			}
			secrets := len(m.secretNames())
			if joined := m.realm.all["gondor"] != nil; joined == tt.gives || joined != (secrets == 1) {
				t.Errorf("it is a member: %t, with %d Secrets", joined, secrets)
			}
			want := "gondor"
			if tt.gives {
				want = tt.other
			}
			if m.helm.info == nil || m.helm.values["cluster"] != want || m.realm.all[tt.other] == nil {
				t.Errorf("the release has values %v, want that of %s", m.helm.values, want)
			}
		})
	}
}

func TestJoinThatComesSecondLeavesTheReleaseOfTheFirst(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	m.helm.applyErr = errors.New("the release is there already")
	m.helm.first = func() {
		m.helm.info, m.helm.values = &release.Info{Name: "fellowship-member"}, map[string]any{"cluster": "arnor"}
	}
	if _, err := m.join(m.options()); err == nil {
		t.Fatal("want an error")
	}
	if m.helm.info == nil {
		t.Error("the release of the cluster under its other name was uninstalled")
	}
	if names := m.secretNames(); len(names) > 0 || len(m.realm.all) > 0 {
		t.Errorf("there are Secrets %v and Clusters %v", names, m.realm.all)
	}
}

func TestNoteOfAJoinThatWasKilledIsNotForAMember(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	ctx := context.Background()
	if _, err := m.join(m.options()); err != nil {
		t.Fatal(err)
	}
	_, lock, err := federation.AcquireMember(ctx, m.host, m.ref, "gondor", "the one that was killed at its end", func(string) {})
	m.must(err)
	_, err = lock.Note(ctx, noteAbsent, "cluster,namespace,release,secret")
	m.must(err)
	m.must(lock.Release(ctx))

	m.realm.says = notReachable // months later
	o := m.options()
	o.Refresh = true
	if _, err := m.join(o); err == nil {
		t.Fatal("want an error")
	}
	m.secret("fellowship.gondor")
	if m.realm.all["gondor"] == nil || m.helm.info == nil {
		t.Errorf("of a member was removed what it had: %v", m.state())
	}
}

func TestNoteOfAJoinThatWasKilledOutlivesARefusal(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	ctx := context.Background()
	_, lock, err := federation.AcquireMember(ctx, m.host, m.ref, "gondor", "the one that was killed", func(string) {})
	m.must(err)
	_, err = lock.Note(ctx, noteAbsent, "cluster,release")
	m.must(err)
	m.must(lock.Release(ctx))
	m.meanwhile("update", "leases", func() { m.register("gondor", "uid-of-another") })
	if _, err := m.join(m.options()); !errors.Is(err, setup.ErrRefused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	_, lock, err = federation.AcquireMember(ctx, m.host, m.ref, "gondor", "the next", func(string) {})
	m.must(err)
	defer func() { m.must(lock.Remove(ctx)) }()
	if noted, err := lock.Note(ctx, noteAbsent, ""); err != nil || noted != "cluster,release" {
		t.Errorf("noted is %q, %v", noted, err)
	}
}

func (m *meeting) secretNames() []string {
	var names []string
	for _, line := range m.state() {
		if name, is := strings.CutPrefix(line, "host secret "); is {
			names = append(names, name)
		}
	}
	return names
}
