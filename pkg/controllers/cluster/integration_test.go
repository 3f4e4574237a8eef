//go:build integration

package cluster_test

import (
	"errors"
	"fmt"
	"maps"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// TestIntegrationMembers is the life of two members, from joining to leaving: each part goes on where the one before ended.
func TestIntegrationMembers(t *testing.T) {
	const period = time.Second
	w, gondor, rohan := newWorld(t, period), newMember(t, "gondor"), newMember(t, "rohan")
	t.Run("a member is Ready within a second of its registration", func(t *testing.T) { testReady(t, w, gondor) })
	t.Run("nothing is written while nothing changes", func(t *testing.T) { testQuiet(t, w, period) })
	w.join(rohan, time.Hour)
	w.ready(10*time.Second, "rohan")
	t.Run("nodes that come later are seen, and a label of the user's stays", func(t *testing.T) { testTopology(t, w, rohan) })
	t.Run("an outage is told after the threshold, and not before", func(t *testing.T) { testOutage(t, w, rohan, period) })
	t.Run("a Secret that is replaced is picked up", func(t *testing.T) { testReplaced(t, w, gondor) })
	t.Run("a member that leaves is let go, and comes back", func(t *testing.T) { testLeaving(t, w) })
	t.Run("nothing is left of a member that was deleted", func(t *testing.T) { testDeleted(t, w) })
	t.Run("nothing is left when the controller manager ends", func(t *testing.T) {
		w.stop()
		eventually.Do(t, 10*time.Second, "all goroutines to end", func() error { return ours() })
	})
}

func testReady(t *testing.T, w *world, gondor *member) {
	t.Helper()
	w.join(gondor, time.Hour)
	c, took := w.becomes(20*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady)
	t.Logf("Ready %s after it was registered", took)
	if took > time.Second {
		t.Errorf("Ready after %s, want at most a second", took)
	}
	if !slices.Equal(c.Status.Zones, []string{"gondor-1", "gondor-2"}) || c.Status.Region != "gondor" || *c.Status.Nodes != 2 {
		t.Errorf("status %+v, want 2 nodes in zones gondor-1 and gondor-2 of region gondor", c.Status)
	}
	system, err := gondor.Client.CoreV1().Namespaces().Get(t.Context(), "kube-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Status.UID != system.UID || c.Status.KubernetesVersion == "" {
		t.Errorf("uid %q and version %q, want %q and some", c.Status.UID, c.Status.KubernetesVersion, system.UID)
	}
	secret, err := w.secrets.CoreV1().Secrets(namespace).Get(t.Context(), secretName("gondor"), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Status.Credential; got == nil || got.SecretVersion != secret.ResourceVersion || got.ExpirationTime == nil {
		t.Errorf("credential %+v, want that of Secret version %s, with its end", got, secret.ResourceVersion)
	}
	if err := errors.Join(
		is(c, fedv1beta1.ClusterOffline, metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable),
		is(c, fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonCredentialValid),
	); err != nil {
		t.Error(err)
	}
	want := map[string]string{
		corev1.LabelTopologyRegion: "gondor", fedv1beta1.LabelZonePrefix + "gondor-1": "true", fedv1beta1.LabelZonePrefix + "gondor-2": "true",
	}
	w.labelled("gondor", want)
	eventually.Do(t, 10*time.Second, "an event", func() error {
		var events corev1.EventList
		if err := w.clusters.List(t.Context(), &events, client.InNamespace("default")); err != nil {
			return err
		}
		for _, e := range events.Items {
			if e.InvolvedObject.Name == "gondor" && e.Reason == fedv1beta1.ReasonClusterReady {
				return nil
			}
		}
		return fmt.Errorf("of %d events, none says it", len(events.Items))
	})
	for _, name := range []string{"federation_cluster_ready", "federation_cluster_probe_duration_seconds", "federation_cluster_credential_expiration_timestamp_seconds"} {
		if !slices.Contains(w.measured(t, "gondor"), name) {
			t.Errorf("there is no metric %s of the member", name)
		}
	}
}

func testQuiet(t *testing.T, w *world, period time.Duration) {
	t.Helper()
	before, err := w.get("gondor")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * period)
	after, err := w.get("gondor")
	if err != nil || after.ResourceVersion != before.ResourceVersion {
		t.Errorf("resourceVersion went from %s to %s (%v) although nothing has changed:\n%+v", before.ResourceVersion, after.ResourceVersion, err, after.Status)
	}
}

func testTopology(t *testing.T, w *world, rohan *member) {
	t.Helper()
	w.labelled("rohan", map[string]string{
		corev1.LabelTopologyRegion: "rohan", fedv1beta1.LabelZonePrefix + "rohan-1": "true", fedv1beta1.LabelZonePrefix + "rohan-2": "true",
	})
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:"mark"}}}`, corev1.LabelTopologyRegion)
	c := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "rohan"}}
	if err := w.clusters.Patch(t.Context(), c, client.RawPatch(types.MergePatchType, patch)); err != nil {
		t.Fatal(err)
	}
	rohan.addNode(t, "c", map[string]string{corev1.LabelTopologyZone: "rohan-3"})
	w.labelled("rohan", map[string]string{
		corev1.LabelTopologyRegion: "mark", fedv1beta1.LabelZonePrefix + "rohan-1": "true", fedv1beta1.LabelZonePrefix + "rohan-2": "true",
		fedv1beta1.LabelZonePrefix + "rohan-3": "true",
	})
	for _, node := range []string{"b", "c"} {
		if err := rohan.Client.CoreV1().Nodes().Delete(t.Context(), node, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	w.labelled("rohan", map[string]string{
		corev1.LabelTopologyRegion: "mark", corev1.LabelTopologyZone: "rohan-1", fedv1beta1.LabelZonePrefix + "rohan-1": "true",
	})
}

func testOutage(t *testing.T, w *world, rohan *member, period time.Duration) {
	t.Helper()
	neighbour, err := w.get("gondor")
	if err != nil {
		t.Fatal(err)
	}
	rohan.Stop()
	c, took := w.becomes(20*time.Second, "rohan", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReachable)
	t.Logf("told %s after the API server was stopped, with %d probes %s apart", took, threshold, period)
	// The first failing probe may come at once, or a period later; the pauses may be a tenth shorter or longer.
	if least, most := (threshold-1)*period*9/10, time.Duration(threshold)*period*11/10+time.Second; took < least || took > most {
		t.Errorf("told after %s, want between %s and %s", took, least, most)
	}
	if err := is(c, fedv1beta1.ClusterOffline, metav1.ConditionTrue, fedv1beta1.ReasonClusterNotReachable); err != nil {
		t.Error(err)
	}
	if !slices.Equal(c.Status.Zones, []string{"rohan-1"}) || c.Status.Region != "rohan" || c.Status.UID == "" || *c.Status.Nodes != 1 {
		t.Errorf("the outage took zones, region, uid or nodes away: %+v", c.Status)
	}
	if message := ready(c).Message; !strings.Contains(message, rohan.URL+"/readyz") || !strings.Contains(message, "refused") {
		t.Errorf("message %q does not say what was asked and what came of it", message)
	}
	if now, err := w.get("gondor"); err != nil || now.ResourceVersion != neighbour.ResourceVersion {
		t.Errorf("the neighbour's status changed meanwhile (%v)", err)
	}
	rohan.Restart()
	_, took = w.becomes(5*time.Second, "rohan", fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady)
	t.Logf("Ready %s after it was ready again", took)
}

func testReplaced(t *testing.T, w *world, gondor *member) {
	t.Helper()
	put := func(token string) *corev1.Secret {
		s, err := w.secrets.CoreV1().Secrets(namespace).Update(t.Context(), w.secret(gondor, token), metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := gondor.token(t, time.Hour)
	put("a.b.c")
	c, _ := w.becomes(5*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonCredentialRejected)
	if err := is(c, fedv1beta1.ClusterCredentialValid, metav1.ConditionFalse, fedv1beta1.ReasonCredentialRejected); err != nil {
		t.Error(err)
	}
	put("")
	w.becomes(5*time.Second, "gondor", fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonSecretMalformed)
	s := put(good)
	c = w.ready(5*time.Second, "gondor")
	if c.Status.Credential.SecretVersion != s.ResourceVersion {
		t.Errorf("Ready by Secret version %s, want %s", c.Status.Credential.SecretVersion, s.ResourceVersion)
	}
}

func testLeaving(t *testing.T, w *world) {
	t.Helper()
	annotate := func(value string) {
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%s}}}`, fedv1beta1.AnnotationLeaving, value)
		c := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "gondor"}}
		if err := w.clusters.Patch(t.Context(), c, client.RawPatch(types.MergePatchType, patch)); err != nil {
			t.Fatal(err)
		}
	}
	annotate(`"keep"`)
	w.becomes(5*time.Second, "gondor", fedv1beta1.ClusterLeaving, metav1.ConditionTrue, fedv1beta1.ReasonMemberReleased)
	if m, ok := w.registry.Get("gondor"); ok {
		t.Errorf("there is a member still: %v", m.Name)
	}
	annotate("null")
	c := w.ready(5*time.Second, "gondor")
	for _, condition := range c.Status.Conditions {
		if condition.Type == fedv1beta1.ClusterLeaving {
			t.Errorf("condition %+v stays with a member that came back", condition)
		}
	}
}

func testDeleted(t *testing.T, w *world) {
	t.Helper()
	for _, name := range []string{"gondor", "rohan"} {
		if err := w.clusters.Delete(t.Context(), &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	eventually.Do(t, 10*time.Second, "everything of the members to end", func() error {
		if names := w.registry.Names(); len(names) > 0 {
			return fmt.Errorf("the registry follows %q", names)
		}
		return errors.Join(ours("(*Registry).Start", "(*Controller).Start"))
	})
	if left := append(w.measured(t, "gondor"), w.measured(t, "rohan")...); len(left) > 0 {
		t.Errorf("metrics %q are left", left)
	}
}

// labelled waits for the labels, and no others.
func (w *world) labelled(name string, want map[string]string) {
	w.t.Helper()
	eventually.Do(w.t, 10*time.Second, "the labels of "+name, func() error {
		c, err := w.get(name)
		if err == nil && !maps.Equal(c.Labels, want) {
			err = fmt.Errorf("they are %v, not %v; status %+v", c.Labels, want, c.Status)
		}
		return err
	})
}

// measured returns the names of metrics with values for the member.
func (w *world) measured(t *testing.T, name string) []string {
	t.Helper()
	families, err := w.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "cluster" && label.GetValue() == name {
					names = append(names, family.GetName())
				}
			}
		}
	}
	return names
}

// ours finds goroutines of the packages under test, but for those that run one of the functions.
func ours(but ...string) error {
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
		return err
	}
	for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
		if !strings.Contains(stack, "fedhelm/pkg/members.") && !strings.Contains(stack, "fedhelm/pkg/controllers/cluster.") {
			continue
		}
		if !slices.ContainsFunc(but, func(f string) bool { return strings.Contains(stack, f) }) {
			return fmt.Errorf("a goroutine is left: %s", stack)
		}
	}
	return nil
}
