package join

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

var notReachable = &metav1.Condition{
	Type: fedv1beta1.ClusterReady, Status: metav1.ConditionFalse, Reason: fedv1beta1.ReasonClusterNotReachable, Message: "dial tcp 192.0.2.10:6443: no route to host",
}

// halfWay are the ways in which a join can fail after its first write.
var halfWay = []struct {
	name  string
	fails func(m *meeting, broken *bool)
	mend  func(m *meeting)
	want  string
}{
	{name: "the release", want: "no room", fails: func(m *meeting, _ *bool) { m.helm.applyErr = errors.New("no room") }, mend: func(m *meeting) { m.helm.applyErr = nil }},
	{name: "the token", want: "token of ServiceAccount", fails: func(m *meeting, broken *bool) { failing(&m.member.Fake, "create", "serviceaccounts/token", broken) }},
	{name: "the Role", want: `apply Role "fellowship.gondor"`, fails: func(m *meeting, broken *bool) { failing(&m.host.Fake, "patch", "roles", broken) }},
	{name: "the RoleBinding", want: `apply RoleBinding "fellowship.gondor"`, fails: func(m *meeting, broken *bool) { failing(&m.host.Fake, "patch", "rolebindings", broken) }},
	{name: "the Secret", want: `apply Secret "fellowship.gondor"`, fails: func(m *meeting, broken *bool) { failing(&m.host.Fake, "patch", "secrets", broken) }},
	{name: "the Cluster", want: `apply Cluster "gondor"`, fails: func(m *meeting, _ *bool) { m.realm.applyErr = errors.New("etcd is away") }, mend: func(m *meeting) { m.realm.applyErr = nil }},
	{name: "the way from the host to the member", want: "--cluster-endpoint", fails: func(m *meeting, _ *bool) { m.realm.says = notReachable }, mend: func(m *meeting) { m.realm.says = nil }},
}

func TestJoinThatFailsHalfWayLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range halfWay {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			before := m.state()
			broken := true
			tt.fails(m, &broken)
			_, err := m.join(m.options())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error about %q", err, tt.want)
			}
			if diff := cmp.Diff(before, m.state()); diff != "" {
				t.Errorf("it left something behind (-before +after):\n%s", diff)
			}
			broken = false
			if tt.mend != nil {
				tt.mend(m)
			}
			if joined, err := m.join(m.options()); err != nil || joined.Outcome != Created {
				t.Errorf("run again: %+v, %v", joined, err)
			}
		})
	}
}

func TestJoinThatFailsLeavesAMemberOne(t *testing.T) {
	t.Parallel()
	for _, tt := range halfWay {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			if _, err := m.join(m.options()); err != nil {
				t.Fatal(err)
			}
			broken := true
			tt.fails(m, &broken)
			o := m.options()
			o.Refresh = true
			if _, err := m.join(o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error about %q", err, tt.want)
			}
			m.secret("fellowship.gondor")
			if m.realm.all["gondor"] == nil || m.helm.info == nil {
				t.Errorf("of a member was removed what it had: %v", m.state())
			}
		})
	}
}

func TestJoinAfterOneThatWasKilledKnowsWhatItMade(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	before := m.state()
	ctx := context.Background()
	// As a killed one leaves it: a release, a note of what was not there, a lock that nobody holds.
	if _, err := m.join(m.options()); err != nil {
		t.Fatal(err)
	}
	m.must(m.realm.Delete(ctx, "gondor"))
	_, lock, err := federation.AcquireMember(ctx, m.host, m.ref, "gondor", "the one that was killed", func(string) {})
	m.must(err)
	_, err = lock.Note(ctx, noteAbsent, "cluster,namespace,release,secret")
	m.must(err)
	m.must(lock.Release(ctx))

	m.realm.says = notReachable
	if _, err := m.join(m.options()); err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(before, m.state()); diff != "" {
		t.Errorf("it left something behind (-before +after):\n%s", diff)
	}
}

func TestJoinWhoseUndoingFailsKeepsTheNote(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	before := m.state()
	broken := true
	failing(&m.host.Fake, "delete", "secrets", &broken)
	m.realm.says = notReachable
	_, err := m.join(m.options())
	if err == nil || !strings.Contains(err.Error(), "fedhelm unjoin gondor") {
		t.Fatalf("got %v, want an error that names the way out", err)
	}
	broken = false
	if _, err := m.join(m.options()); err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(before, m.state()); diff != "" {
		t.Errorf("the second try left something behind (-before +after):\n%s", diff)
	}
}

func TestJoinTimesOut(t *testing.T) {
	t.Parallel()
	unhealthy := *notReachable
	unhealthy.Reason, unhealthy.Message = fedv1beta1.ReasonClusterNotReady, "etcd failed"
	tests := []struct {
		name   string
		change func(*meeting)
		want   []string
	}{
		{name: "a controller manager that does nothing", change: func(m *meeting) { m.realm.idle = true }, want: []string{"has not looked at cluster", "logs deployment/fellowship-controller-manager"}},
		{name: "a member that is not healthy", change: func(m *meeting) { m.realm.says = &unhealthy }, want: []string{"etcd failed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			before := m.state()
			tt.change(m)
			o := m.options()
			o.Timeout = 2 * time.Second
			_, err := m.join(o)
			if !errors.Is(err, setup.ErrTimedOut) {
				t.Fatalf("got %v, want ErrTimedOut", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			if diff := cmp.Diff(before, m.state()); diff != "" {
				t.Errorf("it left something behind (-before +after):\n%s", diff)
			}
		})
	}
}

func TestJoinWithoutItsNamesIsOneAllTheSame(t *testing.T) {
	t.Parallel()
	m := newMeeting(t, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "kube-dns", Namespace: metav1.NamespaceSystem},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"k8s-app": "kube-dns"}},
	}, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "kube-dns-x", Namespace: metav1.NamespaceSystem, Labels: map[string]string{"k8s-app": "kube-dns"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "kubedns", Image: "k8s-dns-kube-dns"}}},
	})
	broken := true
	for _, verb := range []string{"create", "update", "patch"} {
		failing(&m.member.Fake, verb, "configmaps", &broken)
	}
	o := m.options()
	o.Federation.Zone, o.DNS, o.Timeout = "example.com", memberdns.Auto, 3*time.Second
	_, err := m.join(o)
	if err == nil || !strings.Contains(err.Error(), `cluster "gondor" is a member`) || !strings.Contains(err.Error(), "--cluster-dns=none") {
		t.Fatalf("got %v, want an error that says it is a member, without the names", err)
	}
	m.secret("fellowship.gondor")
	if m.realm.all["gondor"] == nil {
		t.Error("the Cluster is gone")
	}
}
