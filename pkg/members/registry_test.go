package members

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// fixture is a registry at noon.
type fixture struct {
	*Registry
	t       *testing.T
	secrets *fakeSecrets
	clock   *clocktesting.FakeClock
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, secrets: newFakeSecrets(), clock: clocktesting.NewFakeClock(noon)}
	f.Registry = New(Options{Federation: "fellowship", Secrets: f.secrets, Clock: f.clock, TokenLifetime: time.Hour})
	t.Cleanup(func() {
		for _, name := range f.Names() {
			f.Forget(name)
		}
		f.running.Wait()
	})
	return f
}

func gondorAt(server string) *fedv1beta1.Cluster {
	return &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: "gondor", UID: "1"},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: server}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: "fellowship.gondor"},
		},
	}
}

// becomes waits for a state of gondor.
func (f *fixture) becomes(reason string) State {
	f.t.Helper()
	return f.until("the reason to be "+reason, func(s State) bool { return s.Credential.Reason == reason })
}

func (f *fixture) until(what string, ok func(State) bool) State {
	f.t.Helper()
	var s State
	eventually.Do(f.t, 5*time.Second, what, func() error {
		if s, _ = f.State("gondor"); !ok(s) {
			return fmt.Errorf("state is %+v", s)
		}
		return nil
	})
	return s
}

func TestCredentialStates(t *testing.T) {
	day := jwt(account, noon, 24*time.Hour)
	changed := func(change func(*corev1.Secret)) func(*fixture) {
		return func(f *fixture) {
			s := secretOf(f.t, "gondor", day)
			change(s)
			f.secrets.put(s)
		}
	}
	tests := []struct {
		name   string
		do     func(*fixture)
		want   string
		says   string
		usable bool
	}{
		{name: "a Secret that can be used", do: changed(func(*corev1.Secret) {}), want: fedv1beta1.ReasonCredentialValid, says: "2026-11-23T12:00:00Z", usable: true},
		{
			name: "a token without an end", do: changed(func(s *corev1.Secret) { s.Data[TokenKey] = []byte("opaque") }),
			want: fedv1beta1.ReasonCredentialValid, says: "no end", usable: true,
		},
		{name: "no Secret", do: func(*fixture) {}, want: fedv1beta1.ReasonSecretNotFound, says: "fedhelm join gondor --refresh"},
		{
			name: "a Secret of another Cluster", do: changed(func(s *corev1.Secret) { s.Labels[fedv1beta1.LabelCluster] = "rohan" }),
			want: fedv1beta1.ReasonSecretNotLabelled, says: fedv1beta1.LabelCluster + "=gondor",
		},
		{
			name: "a Secret of another federation", do: changed(func(s *corev1.Secret) { s.Labels[fedv1beta1.LabelFederation] = "entmoot" }),
			want: fedv1beta1.ReasonSecretNotLabelled, says: fedv1beta1.LabelFederation + "=fellowship",
		},
		{name: "a Secret without labels", do: changed(func(s *corev1.Secret) { s.Labels = nil }), want: fedv1beta1.ReasonSecretNotLabelled, says: "not labelled"},
		{name: "a Secret without a token", do: changed(func(s *corev1.Secret) { delete(s.Data, TokenKey) }), want: fedv1beta1.ReasonSecretMalformed, says: `"token"`},
		{
			name: "a token that has ended", do: changed(func(s *corev1.Secret) { s.Data[TokenKey] = []byte(jwt(account, noon.Add(-time.Hour), time.Hour)) }),
			want: fedv1beta1.ReasonCredentialExpired, says: "fedhelm join gondor --refresh",
		},
		{
			name: "a Secret that may not be read", do: func(f *fixture) {
				f.secrets.refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "x", errors.New("no")))
			},
			want: fedv1beta1.ReasonSecretForbidden, says: "Role",
		},
		{
			name: "a host cluster that does not answer", do: func(f *fixture) { f.secrets.refuse(errors.New("dial tcp 10.0.0.1:39283: connection refused")) },
			want: fedv1beta1.ReasonCredentialNotTried, says: "did not answer",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			tt.do(f)
			f.Follow(t.Context(), gondorAt("https://gondor:6443"))
			if tt.want == fedv1beta1.ReasonSecretForbidden {
				f.until("the refusal to be heard", func(State) bool { return f.clock.Waiters() > 1 })
				if s, _ := f.State("gondor"); s.Credential.Reason != "" {
					t.Errorf("state %+v at the first refusal, which may pass", s)
				}
				f.clock.Step(forbiddenFirstGrace)
			}
			s := f.becomes(tt.want)
			if !strings.Contains(s.Credential.Message, tt.says) {
				t.Errorf("message %q does not say %q", s.Credential.Message, tt.says)
			}
			if _, ok := f.Get("gondor"); ok != tt.usable || s.Credential.Usable() != tt.usable {
				t.Errorf("there is a member: %t, usable: %t, want %t", ok, s.Credential.Usable(), tt.usable)
			}
		})
	}
}

func TestMemberFollowsWhatItIsMadeFrom(t *testing.T) {
	f := newFixture(t)
	secret := secretOf(t, "gondor", jwt(account, noon, 24*time.Hour))
	f.secrets.put(secret)
	cluster := gondorAt("https://gondor:6443")
	f.Follow(t.Context(), cluster)
	first := f.becomes(fedv1beta1.ReasonCredentialValid)

	steps := []struct {
		name string
		do   func()
		same bool // the Member goes on
	}{
		{name: "a newer token of the same ServiceAccount", same: true, do: func() { secret.Data[TokenKey] = []byte(jwt(account, noon, 48*time.Hour)) }},
		{name: "another annotation", same: true, do: func() { secret.Annotations = map[string]string{"note": "1"} }},
		{name: "a token of another ServiceAccount", do: func() { secret.Data[TokenKey] = []byte(jwt(account+"2", noon, 48*time.Hour)) }},
		{name: "another authority", do: func() { secret.Data[CAKey] = authority(t) }},
		{name: "another server name", do: func() { secret.Data[TLSServerNameKey] = []byte("api.gondor") }},
		{name: "another address", do: func() { cluster.Spec.ServerAddressByClientCIDRs[0].ServerAddress = "https://osgiliath:6443" }},
	}
	before := first.Member
	for i, step := range steps {
		cluster = cluster.DeepCopy()
		step.do()
		f.secrets.put(secret)
		f.Follow(t.Context(), cluster)
		version := fmt.Sprint(i + 2)
		s := f.until(step.name, func(s State) bool {
			return s.Credential.SecretVersion == version && s.Member != nil && s.Server == cluster.Spec.ServerAddressByClientCIDRs[0].ServerAddress
		})
		if (s.Member == before) != step.same {
			t.Errorf("%s: the same member goes on: %t, want %t", step.name, s.Member == before, step.same)
		}
		select {
		case <-before.Done():
			if step.same {
				t.Errorf("%s: the member has ended", step.name)
			}
		default:
			if !step.same {
				t.Errorf("%s: the former member has not ended", step.name)
			}
		}
		before = s.Member
	}
	f.secrets.remove(secret.Name)
	f.becomes(fedv1beta1.ReasonSecretNotFound)
	<-before.Done()
}

func TestMembersSayWhereTheAccountIs(t *testing.T) {
	for token, want := range map[string]string{
		jwt(account, noon, time.Hour):   "federation-system",
		jwt("faramir", noon, time.Hour): "",
		"opaque":                        "",
	} {
		f := newFixture(t)
		f.secrets.put(secretOf(t, "gondor", token))
		f.Follow(t.Context(), gondorAt("https://gondor:6443"))
		s := f.until("a member", func(s State) bool { return s.Member != nil })
		if s.Member.Home != want {
			t.Errorf("the account is in %q, want %q", s.Member.Home, want)
		}
	}
}

func TestHostThatIsAwayTakesNothingAway(t *testing.T) {
	f := newFixture(t)
	f.secrets.put(secretOf(t, "gondor", jwt(account, noon, 240*time.Hour)))
	f.Follow(t.Context(), gondorAt("https://gondor:6443"))
	before := f.becomes(fedv1beta1.ReasonCredentialValid)

	f.secrets.refuse(errors.New("connection refused"))
	for range 20 {
		f.clock.Step(time.Minute)
		time.Sleep(time.Millisecond)
	}
	if s, _ := f.State("gondor"); s != before {
		t.Errorf("state %+v, want %+v", s, before)
	}
	f.secrets.refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "x", errors.New("no")))
	eventually.Do(t, 5*time.Second, "the refusal to be heard", func() error {
		f.clock.Step(time.Second)
		f.mu.Lock()
		e := f.entries["gondor"]
		f.mu.Unlock()
		e.mu.Lock()
		defer e.mu.Unlock()
		if !apierrors.IsForbidden(e.view.err) {
			return fmt.Errorf("the host said: %w", e.view.err)
		}
		return nil
	})
	if s, _ := f.State("gondor"); s != before {
		t.Errorf("state after the first refusal %+v, want %+v: an API server that starts forbids everything", s, before)
	}
	eventually.Do(t, 5*time.Second, "a refusal that lasts to count", func() error {
		f.clock.Step(time.Second)
		if s, _ := f.State("gondor"); s.Credential.Reason != fedv1beta1.ReasonSecretForbidden {
			return fmt.Errorf("state %+v", s)
		}
		return nil
	})
}

func TestClusterWithoutAnAddressForUs(t *testing.T) {
	f := newFixture(t)
	f.secrets.put(secretOf(t, "gondor", jwt(account, noon, time.Hour)))
	cluster := gondorAt("https://gondor:6443")
	cluster.Spec.ServerAddressByClientCIDRs[0].ClientCIDR = "10.0.0.0/8"
	f.Follow(t.Context(), cluster)
	if s := f.becomes(fedv1beta1.ReasonCredentialValid); s.Member != nil || !strings.Contains(s.NoServer, "serverAddressByClientCIDRs") {
		t.Errorf("state %+v, want no member, because there is no address", s)
	}
}

func TestClusterWithoutASecretRef(t *testing.T) {
	f := newFixture(t)
	cluster := gondorAt("https://gondor:6443")
	cluster.Spec.SecretRef = nil
	f.Follow(t.Context(), cluster)
	if s := f.becomes(fedv1beta1.ReasonSecretNotFound); !strings.Contains(s.Credential.Message, "spec.secretRef") {
		t.Errorf("message %q", s.Credential.Message)
	}
}

func TestWorkEndsBeforeAMemberIsReleased(t *testing.T) {
	f := newFixture(t)
	f.secrets.put(secretOf(t, "gondor", jwt(account, noon, 24*time.Hour)))
	cluster := gondorAt("https://gondor:6443")
	f.Follow(t.Context(), cluster)
	m := f.becomes(fedv1beta1.ReasonCredentialValid).Member

	asked, finish := make(chan struct{}), make(chan struct{})
	if !m.Go(func(ctx context.Context) {
		<-ctx.Done()
		close(asked)
		<-finish
	}) {
		t.Fatal("no work can be begun")
	}
	leaving := cluster.DeepCopy()
	leaving.Annotations = map[string]string{fedv1beta1.AnnotationLeaving: fedv1beta1.LeavingKeep}
	f.Follow(t.Context(), leaving)
	<-asked
	if m.Go(func(context.Context) {}) {
		t.Error("work was begun on a member that leaves")
	}
	if s, _ := f.State("gondor"); s.Released || s.Member != nil {
		t.Errorf("state %+v while work goes on, want neither a member nor its release", s)
	}
	close(finish)
	f.until("the release", func(s State) bool { return s.Leaving && s.Released })

	f.Follow(t.Context(), cluster)
	if s := f.becomes(fedv1beta1.ReasonCredentialValid); s.Leaving || s.Released || s.Member == nil {
		t.Errorf("state %+v after it was asked to stay, want a member", s)
	}
}

func TestSubscribersHearOfEachChange(t *testing.T) {
	f := newFixture(t)
	heard := make(chan string, 100)
	f.Follow(t.Context(), gondorAt("https://gondor:6443"))
	f.becomes(fedv1beta1.ReasonSecretNotFound)
	unsubscribe := f.Subscribe(func(name string) { heard <- name })
	hears := func(what string) {
		t.Helper()
		select {
		case name := <-heard:
			if name != "gondor" {
				t.Errorf("heard of %q", name)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("nothing was heard of %s", what)
		}
	}
	hears("what was there before")
	f.secrets.put(secretOf(t, "gondor", jwt(account, noon, 24*time.Hour)))
	hears("the Secret")
	m := f.becomes(fedv1beta1.ReasonCredentialValid).Member
	if all := f.List(); len(all) != 1 || all[0] != m {
		t.Errorf("members are %v", all)
	}
	f.Forget("gondor")
	hears("the end")
	<-m.Done()
	if _, ok := f.State("gondor"); ok {
		t.Error("the Cluster is followed still")
	}
	unsubscribe()
	for len(heard) > 0 {
		<-heard
	}
	f.Follow(t.Context(), gondorAt("https://gondor:6443"))
	f.becomes(fedv1beta1.ReasonCredentialValid)
	if len(heard) > 0 {
		t.Error("heard something after the subscription had ended")
	}
}

func TestAnotherClusterOfTheNameStartsAnew(t *testing.T) {
	f := newFixture(t)
	f.secrets.put(secretOf(t, "gondor", jwt(account, noon, 24*time.Hour)))
	cluster := gondorAt("https://gondor:6443")
	f.Follow(t.Context(), cluster)
	old := f.becomes(fedv1beta1.ReasonCredentialValid).Member
	cluster = cluster.DeepCopy()
	cluster.UID = types.UID("2")
	f.Follow(t.Context(), cluster)
	f.until("another member", func(s State) bool { return s.Member != nil && s.Member != old })
	<-old.Done()
}

func TestWorkEndsBeforeTheNameHasAnotherMember(t *testing.T) {
	f := newFixture(t)
	f.secrets.put(secretOf(t, "gondor", jwt(account, noon, 24*time.Hour)))
	cluster := gondorAt("https://gondor:6443")
	f.Follow(t.Context(), cluster)
	old := f.becomes(fedv1beta1.ReasonCredentialValid).Member
	finish := make(chan struct{})
	old.Go(func(context.Context) { <-finish })

	f.Forget("gondor")
	again := cluster.DeepCopy()
	again.UID = types.UID("2")
	f.Follow(t.Context(), again)
	time.Sleep(50 * time.Millisecond)
	if s, _ := f.State("gondor"); s.Member != nil {
		t.Error("there is another member while work on the former one goes on")
	}
	close(finish)
	f.until("another member", func(s State) bool { return s.Member != nil && s.Member != old })
	eventually.Do(t, 5*time.Second, "nothing of the former one to be kept", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.ending) > 0 {
			return fmt.Errorf("kept is %v", f.ending)
		}
		return nil
	})
}

func TestNothingBeginsAfterTheEnd(t *testing.T) {
	f := newFixture(t)
	ctx, end := context.WithCancel(t.Context())
	end()
	f.Follow(ctx, gondorAt("https://gondor:6443"))
	if names := f.Names(); len(names) > 0 {
		t.Errorf("%v is followed, and nobody would end that", names)
	}
}
