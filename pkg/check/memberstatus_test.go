package check

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
)

func TestCredential(t *testing.T) {
	valid := condition(fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonCredentialValid, "the token is valid")
	now := time.Now()
	good := token(now.Add(-time.Hour), now.Add(719*time.Hour))
	tests := []struct {
		name       string
		conditions []metav1.Condition
		bearer     string
		tried      string // version of the Secret; "": that of now
		want       expected
	}{
		{name: "it is valid and renewed", conditions: []metav1.Condition{valid}, bearer: good, want: expected{level: OK, text: "valid for 29d"}},
		{name: "the controller manager has said nothing", bearer: good, want: expected{level: Warning, text: "has not said yet", mend: "logs deployment/"}},
		{
			name: "it is not renewed", bearer: good,
			conditions: []metav1.Condition{condition(fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonRenewalFailed, "the member says no")},
			want:       expected{level: Warning, text: "not renewed: the member says no", mend: rejoin + " --refresh"},
		},
		{
			name: "it has expired", bearer: good,
			conditions: []metav1.Condition{condition(fedv1beta1.ClusterCredentialValid, metav1.ConditionFalse, fedv1beta1.ReasonCredentialExpired, "a day ago")},
			want:       expected{level: Failure, text: "CredentialExpired: a day ago", mend: rejoin + " --refresh"},
		},
		{
			name: "it was not tried", bearer: good,
			conditions: []metav1.Condition{condition(fedv1beta1.ClusterCredentialValid, metav1.ConditionUnknown, fedv1beta1.ReasonCredentialNotTried, "soon")},
			want:       expected{level: Warning, text: "CredentialNotTried: soon"},
		},
		{name: "what is there now was not tried", conditions: []metav1.Condition{valid}, bearer: good, tried: "6", want: expected{level: Warning, text: "not yet tried", mend: "if it stays so"}},
		{name: "the Secret holds none", conditions: []metav1.Condition{valid}, want: expected{level: Failure, text: `Secret "fellowship.gondor" holds no credential`, mend: "--refresh"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := gondor(nil, memberSecret(t, tt.bearer))
			m.Cluster.Status.Conditions = tt.conditions
			if tt.tried != "" {
				m.Cluster.Status.Credential.SecretVersion = tt.tried
			}
			tt.want.check(t, m.credential(t.Context()))
		})
	}
}

func TestTokenLife(t *testing.T) {
	tests := []struct {
		name   string
		bearer string
		want   expected
	}{
		{name: "just issued", bearer: token(noon, noon.Add(720*time.Hour)), want: expected{level: OK, text: "valid for 30d"}},
		{name: "half of its life is over", bearer: token(noon.Add(-360*time.Hour), noon.Add(360*time.Hour)), want: expected{level: OK}},
		{name: "less than a sixth is left", bearer: token(noon.Add(-620*time.Hour), noon.Add(100*time.Hour)), want: expected{level: Warning, text: "expires in 4d4h, and should have been renewed 10d ago", mend: "--refresh  # renews it from here"}},
		{name: "a short life", bearer: token(noon.Add(-5*time.Minute), noon.Add(5*time.Minute)), want: expected{level: OK, text: "5m"}},
		{name: "it is over", bearer: token(noon.Add(-24*time.Hour), noon.Add(-time.Hour)), want: expected{level: Failure, text: "expired 60m ago", mend: "--refresh"}},
		{name: "no token that tells", bearer: "opaque", want: expected{level: OK, text: "does not say until when"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, gondor(nil).tokenLife(members.Credential{Token: tt.bearer}, noon))
		})
	}
}

func TestReachableAndReady(t *testing.T) {
	offline := func(status metav1.ConditionStatus, reason string) metav1.Condition {
		return condition(fedv1beta1.ClusterOffline, status, reason, "no route to host")
	}
	ready := func(status metav1.ConditionStatus, reason string) metav1.Condition {
		return condition(fedv1beta1.ClusterReady, status, reason, "etcd is gone")
	}
	tests := []struct {
		name       string
		conditions []metav1.Condition
		reachable  expected
		ready      expected
	}{
		{
			name:       "it is both",
			conditions: []metav1.Condition{offline(metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable), ready(metav1.ConditionTrue, fedv1beta1.ReasonClusterReady)},
			reachable:  expected{level: OK, text: "the host cluster reaches it"},
			ready:      expected{level: OK, text: "since 2026-11-22 12:00:00 UTC"},
		},
		{
			name:       "the host cluster cannot reach it",
			conditions: []metav1.Condition{offline(metav1.ConditionTrue, fedv1beta1.ReasonClusterNotReachable), ready(metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReachable)},
			reachable:  expected{level: Failure, text: "no route to host", mend: "--cluster-endpoint=https://HOST:PORT"},
			ready:      expected{level: Failure, text: "ClusterNotReachable"},
		},
		{
			name:       "it answers that it is not healthy",
			conditions: []metav1.Condition{offline(metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable), ready(metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReady)},
			reachable:  expected{level: OK},
			ready:      expected{level: Failure, text: "ClusterNotReady: etcd is gone", mend: "get --raw='/readyz?verbose'"},
		},
		{
			name:       "it turns the credential away",
			conditions: []metav1.Condition{offline(metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable), ready(metav1.ConditionFalse, fedv1beta1.ReasonCredentialForbidden)},
			reachable:  expected{level: OK},
			ready:      expected{level: Failure, text: "CredentialForbidden", mend: rejoin + " --refresh"},
		},
		{
			name:       "nobody has tried",
			conditions: []metav1.Condition{offline(metav1.ConditionUnknown, fedv1beta1.ReasonClusterNotTried)},
			reachable:  expected{level: Warning, text: "has not tried to reach it: no route to host", mend: "logs"},
			ready:      expected{level: Warning, text: "has not said yet", mend: "logs"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := gondor(nil)
			m.Cluster.Status.Conditions = tt.conditions
			tt.reachable.check(t, m.reachable(t.Context()))
			tt.ready.check(t, m.ready(t.Context()))
		})
	}
}

func TestContext(t *testing.T) {
	broken := refuse(cluster("v1.36.3", nil), "get", "namespaces", errors.New("connection refused"))
	other := cluster("v1.36.3", nil, kubeSystem("uid-of-rohan"))
	tests := []struct {
		name string
		m    *member
		want expected // of a context that was chosen; one that was guessed is skipped instead of failing
	}{
		{name: "it leads there", m: gondor(cluster("v1.36.3", nil, kubeSystem(memberUID))), want: expected{level: OK, text: "minas-tirith leads to it"}},
		{name: "it leads to another cluster", m: gondor(other), want: expected{level: Failure, text: "leads to another cluster", mend: "--cluster-context"}},
		{name: "it leads nowhere", m: gondor(broken), want: expected{level: Failure, text: "connection refused", mend: "--cluster-context"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.m.way.Chosen = true
			tt.want.check(t, tt.m.context(t.Context()))
			if tt.want.level == OK {
				return
			}
			tt.m.way.Chosen = false
			tt.want.level = Skipped
			tt.want.check(t, tt.m.context(t.Context()))
		})
	}
	t.Run("there is none", func(t *testing.T) {
		expected{level: Skipped, text: "nobody answers"}.check(t, gondor(nil).context(t.Context()))
	})
	t.Run("the annotation tells, before the controller manager does", func(t *testing.T) {
		m := gondor(other)
		m.way.Chosen = true
		m.Cluster.Status.UID, m.Cluster.Annotations = "", map[string]string{fedv1beta1.AnnotationClusterUID: string(memberUID)}
		expected{level: Failure, text: "another cluster"}.check(t, m.context(t.Context()))
	})
}
