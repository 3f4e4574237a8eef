//go:build integration

package cluster_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func TestIntegrationCredentialComesInAnyOrder(t *testing.T) {
	w, gondor := newWorld(t, time.Second), newMember(t, "gondor")
	w.register(gondor, secretName("gondor"))
	w.becomes(10*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonSecretForbidden)
	w.allow(secretName("gondor"))
	w.becomes(20*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonSecretNotFound)

	foreign := w.secret(gondor, gondor.token(t, time.Hour))
	foreign.Labels[fedv1beta1.LabelCluster] = "rohan"
	w.createSecret(foreign)
	c, _ := w.becomes(2*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonSecretNotLabelled)
	if err := errors.Join(
		is(c, fedv1beta1.ClusterOffline, metav1.ConditionUnknown, fedv1beta1.ReasonClusterNotTried),
		is(c, fedv1beta1.ClusterCredentialValid, metav1.ConditionFalse, fedv1beta1.ReasonSecretNotLabelled),
	); err != nil {
		t.Error(err)
	}
	w.must(w.secrets.CoreV1().Secrets(namespace).Update(t.Context(), w.secret(gondor, gondor.token(t, time.Hour)), metav1.UpdateOptions{}))
	w.ready(2*time.Second, "gondor")

	if err := w.secrets.CoreV1().Secrets(namespace).Delete(t.Context(), secretName("gondor"), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c, _ = w.becomes(2*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonSecretNotFound)
	if len(c.Status.Zones) != 2 {
		t.Errorf("zones %q, want those from before", c.Status.Zones)
	}
	w.createSecret(w.secret(gondor, gondor.token(t, 3*time.Second)))
	w.ready(2*time.Second, "gondor")
	// The life is too short for a renewal: its half is over before a minute has passed since the last try, if it failed.
	w.revoke(gondor)
	w.becomes(10*time.Second, "gondor", fedv1beta1.ClusterCredentialValid, metav1.ConditionFalse, fedv1beta1.ReasonCredentialExpired)
}

func TestIntegrationTokenIsRenewedWithoutAGap(t *testing.T) {
	w, gondor := newWorld(t, 50*time.Millisecond), newMember(t, "gondor")
	const life = 14 * time.Second
	w.join(gondor, life)
	expires := time.Now().Add(life)
	c := w.ready(5*time.Second, "gondor")
	transition := ready(c).LastTransitionTime
	first := c.Status.Credential.SecretVersion
	member, _ := w.registry.Get("gondor")

	for time.Now().Before(expires.Add(2 * time.Second)) {
		c, err := w.get("gondor")
		if err == nil {
			err = is(c, fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady)
		}
		if err != nil {
			t.Fatalf("%s before the first token's end: %v", time.Until(expires), err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	c, err := w.get("gondor")
	if err != nil {
		t.Fatal(err)
	}
	if got := ready(c).LastTransitionTime; !got.Equal(&transition) {
		t.Errorf("Ready has flipped at %s", got)
	}
	if got := c.Status.Credential; got.SecretVersion == first || got.ExpirationTime == nil || time.Until(got.ExpirationTime.Time) < 50*time.Minute {
		t.Errorf("credential %+v, want a new one with about an hour of life", got)
	}
	if now, ok := w.registry.Get("gondor"); !ok || now != member {
		t.Error("whoever worked on the member has lost it by the renewal")
	}
	eventually.Do(t, 5*time.Second, "the Secret to hold the new token", func() error {
		s, err := w.secrets.CoreV1().Secrets(namespace).Get(t.Context(), secretName("gondor"), metav1.GetOptions{})
		if err == nil && (s.ResourceVersion != c.Status.Credential.SecretVersion || len(s.Data) != 2) {
			err = fmt.Errorf("version %s with %d keys", s.ResourceVersion, len(s.Data))
		}
		return err
	})
}

func TestIntegrationRenewalThatFails(t *testing.T) {
	w, gondor := newWorld(t, time.Second), newMember(t, "gondor")
	w.revoke(gondor)
	w.join(gondor, 12*time.Second)
	w.ready(5*time.Second, "gondor")
	c, _ := w.becomes(10*time.Second, "gondor", fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonRenewalFailed)
	if err := is(c, fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady); err != nil {
		t.Error(err)
	}
	c, _ = w.becomes(15*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonCredentialExpired)
	if err := is(c, fedv1beta1.ClusterOffline, metav1.ConditionUnknown, fedv1beta1.ReasonClusterNotTried); err != nil {
		t.Error(err)
	}
}

// revoke takes from the member's ServiceAccount the right to ask for tokens.
func (w *world) revoke(m *member) {
	w.t.Helper()
	role, err := m.Client.RbacV1().ClusterRoles().Get(w.t.Context(), "member", metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	role.Rules = role.Rules[:1]
	w.must(m.Client.RbacV1().ClusterRoles().Update(w.t.Context(), role, metav1.UpdateOptions{}))
}
