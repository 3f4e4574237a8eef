//go:build integration

package cluster_test

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestIntegrationMemberBecomesReady(t *testing.T) {
	w, gondor := newWorld(t), newMember(t, "gondor")
	w.join(gondor, time.Hour)
	c, took := w.becomes(20*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady)
	t.Logf("Ready %s after it was registered", took)
	if took > time.Second {
		t.Errorf("Ready after %s, want at most a second", took)
	}
	if !slices.Equal(c.Status.Zones, []string{"gondor-1", "gondor-2"}) || c.Status.Region != "gondor" || *c.Status.Nodes != 2 {
		t.Errorf("status %+v, want 2 nodes in zones gondor-1 and gondor-2 of region gondor", c.Status)
	}
	system, err := gondor.client.CoreV1().Namespaces().Get(t.Context(), "kube-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Status.UID != system.UID || c.Status.KubernetesVersion == "" {
		t.Errorf("uid %q and version %q, want %q and some", c.Status.UID, c.Status.KubernetesVersion, system.UID)
	}
}
