//go:build integration

package propagation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

// TestIntegrationOutage is what happens when somebody is away: a member, the controllers, or the federation's data.
func TestIntegrationOutage(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", nil), w.join("rohan", nil)
	t.Run("a restart writes nothing, and moves nothing", func(t *testing.T) { w.testRestart(t, gondor, rohan) })
	t.Run("what is orphaned stays, without marks", func(t *testing.T) { w.testOrphan(t, gondor, rohan) })
	t.Run("a member that is away holds up no deletion, and deletes when it is back", func(t *testing.T) { w.testOwed(t, gondor, rohan) })
	t.Run("what a member owes survives a restart", func(t *testing.T) { w.testOwedRestart(t, gondor, rohan) })
	t.Run("others have a member's replicas after the grace, and give them back", func(t *testing.T) { w.testFailover(t, gondor, rohan) })
	t.Run("copies whose sources are lost are held, and go when somebody says so", func(t *testing.T) { w.testLost(t, gondor, rohan) })
	t.Run("nothing is left when the controller manager ends", func(t *testing.T) {
		w.stop()
		eventually.Do(t, soon, "all goroutines to end", ours)
	})
}

// ours tells of a goroutine of propagation that is left.
func ours() error {
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
		return err
	}
	for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
		for _, of := range []string{"pkg/controllers/propagation.", "pkg/delivery.", "pkg/ledger.", "pkg/controllers/state."} {
			if strings.Contains(stack, "fedhelm/"+of) {
				return fmt.Errorf("a goroutine is left: %s", stack)
			}
		}
	}
	return nil
}

// versions are the resourceVersions of all that a member has in namespace shop, and of the namespace.
func (m *member) versions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	ns, err1 := m.Client.CoreV1().Namespaces().Get(t.Context(), "shop", metav1.GetOptions{})
	maps, err2 := m.Client.CoreV1().ConfigMaps("shop").List(t.Context(), metav1.ListOptions{})
	sets, err3 := m.Client.AppsV1().Deployments("shop").List(t.Context(), metav1.ListOptions{})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	all["namespace"] = ns.ResourceVersion
	for _, o := range maps.Items {
		all["ConfigMap "+o.Name] = o.ResourceVersion
	}
	for _, o := range sets.Items {
		all["Deployment "+o.Name] = o.ResourceVersion
	}
	return all
}

// sources are the resourceVersions of what is in namespace shop of the federation API.
func (w *world) sources(t *testing.T) map[string]string {
	t.Helper()
	as := &member{&fedapi.Member{Client: w.api}}
	return as.versions(t)
}

func (w *world) testRestart(t *testing.T, gondor, rohan *member) {
	t.Helper()
	for i := range 20 {
		w.createConfigMap(configMap(fmt.Sprintf("motto-%d", i), "one"))
	}
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), deployment("resting", 7), metav1.CreateOptions{}))
	for i := range 20 {
		w.holds(gondor, fmt.Sprintf("motto-%d", i), "one")
		w.holds(rohan, fmt.Sprintf("motto-%d", i), "one")
	}
	w.replicas("resting", 7, gondor, rohan)
	w.runs(gondor, "resting")
	w.runs(rohan, "resting")
	quiet := w.quiet(t)
	before := []map[string]string{gondor.versions(t), rohan.versions(t), quiet}
	w.stop()
	w.run()
	w.createConfigMap(configMap("after-restart", "one")) // and when that is there, the others have been looked at
	w.holds(gondor, "after-restart", "one")
	w.holds(rohan, "after-restart", "one")
	time.Sleep(3 * time.Second)
	after := []map[string]string{gondor.versions(t), rohan.versions(t), w.sources(t)}
	for i, at := range []string{"gondor", "rohan", "the federation API"} {
		delete(after[i], "ConfigMap after-restart")
		if !maps.Equal(before[i], after[i]) {
			t.Errorf("in %s a restart wrote:\nbefore %v\nafter  %v", at, before[i], after[i])
		}
	}
}

// quiet waits until nothing is written into the federation API any more.
func (w *world) quiet(t *testing.T) map[string]string {
	t.Helper()
	before, calm := w.sources(t), 0
	w.eventually("the federation API to come to rest", func() error {
		time.Sleep(200 * time.Millisecond)
		now := w.sources(t)
		if calm++; !maps.Equal(before, now) {
			before, calm = now, 0
		}
		if calm < 15 {
			return errors.New("it is written to")
		}
		return nil
	})
	return before
}

// runs says of a Deployment's copy that all its replicas are ready, as a member's controllers do.
func (w *world) runs(m *member, name string) {
	w.t.Helper()
	d, err := m.Client.AppsV1().Deployments("shop").Get(w.t.Context(), name, metav1.GetOptions{})
	w.must(nil, err)
	n := *d.Spec.Replicas
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
	w.must(m.Client.AppsV1().Deployments("shop").UpdateStatus(w.t.Context(), d, metav1.UpdateOptions{}))
}

func (w *world) testOrphan(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.createConfigMap(configMap("orphan", "one"))
	w.holds(gondor, "orphan", "one")
	w.holds(rohan, "orphan", "one")
	w.orphan(t, "orphan")
	for _, m := range []*member{gondor, rohan} {
		got, err := m.Client.CoreV1().ConfigMaps("shop").Get(t.Context(), "orphan", metav1.GetOptions{})
		if err != nil {
			t.Fatalf("in %s: %v", m.Name, err)
		}
		if len(got.Labels)+len(got.Annotations) > 0 {
			t.Errorf("in %s it has labels %v and annotations %v", m.Name, got.Labels, got.Annotations)
		}
	}
}

// orphan deletes a ConfigMap so that its copies stay, and waits until it is gone.
func (w *world) orphan(t *testing.T, name string) {
	t.Helper()
	w.must(nil, w.api.CoreV1().ConfigMaps("shop").Delete(t.Context(), name, metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationOrphan)}))
	w.eventually("the orphaned ConfigMap to be gone", func() error {
		got, err := w.api.CoreV1().ConfigMaps("shop").Get(t.Context(), name, metav1.GetOptions{})
		if err == nil && slices.Contains(got.Finalizers, metav1.FinalizerOrphanDependents) {
			// As the garbage collector does.
			got.Finalizers = slices.DeleteFunc(got.Finalizers, func(f string) bool { return f == metav1.FinalizerOrphanDependents })
			_, err = w.api.CoreV1().ConfigMaps("shop").Update(t.Context(), got, metav1.UpdateOptions{})
		}
		return gone(got, err)
	})
}

// sourceGone waits until the federation API has no ConfigMap of that name.
func (w *world) sourceGone(name string) {
	w.t.Helper()
	w.eventually("source "+name+" to be gone", func() error {
		return gone(w.api.CoreV1().ConfigMaps("shop").Get(w.t.Context(), name, metav1.GetOptions{}))
	})
}

// owes waits until the ledger says that a member owes us so much.
func (w *world) owes(name string, entries int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s to owe %d", name, entries), func() error {
		pages, err := w.api.CoreV1().ConfigMaps(ledger.Namespace).List(w.t.Context(), metav1.ListOptions{LabelSelector: fedv1beta1.LabelCluster + "=" + name})
		if err != nil {
			return err
		}
		found := 0
		for _, p := range pages.Items {
			found += len(p.Data)
		}
		if found != entries {
			return fmt.Errorf("it owes %d", found)
		}
		return nil
	})
}

func (w *world) testOwed(t *testing.T, gondor, rohan *member) {
	t.Helper()
	for _, name := range []string{"owed", "owed-orphan", "owed-again"} {
		w.createConfigMap(configMap(name, "one"))
		w.holds(gondor, name, "one")
		w.holds(rohan, name, "one")
	}
	rohan.Stop()
	w.ready("rohan", metav1.ConditionFalse)
	for _, name := range []string{"owed", "owed-again"} {
		w.must(nil, w.api.CoreV1().ConfigMaps("shop").Delete(t.Context(), name, metav1.DeleteOptions{}))
		w.sourceGone(name)
		w.misses(gondor, name)
	}
	w.orphan(t, "owed-orphan")
	w.owes("rohan", 3)
	w.createConfigMap(configMap("owed-again", "two"))
	rohan.Restart()
	w.misses(rohan, "owed")
	w.holds(rohan, "owed-again", "two")
	w.eventually("the orphan to be released", func() error {
		got, err := rohan.Client.CoreV1().ConfigMaps("shop").Get(t.Context(), "owed-orphan", metav1.GetOptions{})
		if err == nil && len(got.Labels)+len(got.Annotations) > 0 {
			err = fmt.Errorf("it has labels %v", got.Labels)
		}
		return err
	})
	w.owes("rohan", 0)
}

func (w *world) testOwedRestart(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.ready("rohan", metav1.ConditionTrue)
	for i := range 15 { // more than are deleted without a word
		w.createConfigMap(configMap(fmt.Sprintf("late-%d", i), "one"))
	}
	for i := range 15 {
		w.holds(rohan, fmt.Sprintf("late-%d", i), "one")
	}
	rohan.Stop()
	w.ready("rohan", metav1.ConditionFalse)
	for i := range 15 {
		w.must(nil, w.api.CoreV1().ConfigMaps("shop").Delete(t.Context(), fmt.Sprintf("late-%d", i), metav1.DeleteOptions{}))
	}
	for i := range 15 {
		w.sourceGone(fmt.Sprintf("late-%d", i))
	}
	w.owes("rohan", 15)
	w.stop()
	rohan.Restart()
	w.run()
	for i := range 15 {
		w.misses(rohan, fmt.Sprintf("late-%d", i))
		w.misses(gondor, fmt.Sprintf("late-%d", i))
	}
	w.owes("rohan", 0)
}

func (w *world) testFailover(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.ready("rohan", metav1.ConditionTrue)
	w.must(w.api.AppsV1().Deployments("shop").Create(t.Context(), deployment("guarded", 6), metav1.CreateOptions{}))
	w.shares("guarded", map[*member]int32{gondor: 3, rohan: 3})
	w.runs(gondor, "guarded")
	w.runs(rohan, "guarded")
	told := w.event("rohan", "FailedOver")
	before, err := rohan.Client.AppsV1().Deployments("shop").Get(t.Context(), "guarded", metav1.GetOptions{})
	w.must(nil, err)
	rohan.Stop()
	w.ready("rohan", metav1.ConditionFalse)
	time.Sleep(grace / 2)
	if n, err := gondor.share(t, "guarded"); err != nil || n != 3 {
		t.Errorf("within the grace gondor has %d (%v), want 3", n, err)
	}
	w.shares("guarded", map[*member]int32{gondor: 6})
	w.runs(gondor, "guarded")
	rohan.Restart()
	w.shares("guarded", map[*member]int32{gondor: 3, rohan: 3})
	after, err := rohan.Client.AppsV1().Deployments("shop").Get(t.Context(), "guarded", metav1.GetOptions{})
	w.must(nil, err)
	if after.UID != before.UID || after.Generation != before.Generation { // made anew, or trimmed and filled again
		t.Errorf("rohan had Deployment %s, generation %d; back again it has %s, generation %d", before.UID, before.Generation, after.UID, after.Generation)
	}
	if got := w.event("rohan", "FailedOver"); got == told {
		t.Error("nobody was told")
	}
	if got := w.event("gondor", "FailedOver"); got != 0 {
		t.Errorf("gondor is said to have failed over")
	}
}

// event counts those of a Cluster with a reason, repetitions among them.
func (w *world) event(cluster, reason string) (n int) {
	w.t.Helper()
	events, err := w.api.EventsV1().Events("default").List(w.t.Context(), metav1.ListOptions{})
	w.must(nil, err)
	for _, e := range events.Items {
		if e.Regarding.Name == cluster && e.Reason == reason {
			if n++; e.Series != nil {
				n += int(e.Series.Count)
			}
		}
	}
	return n
}

// testLost takes sources away as the loss of data would, without anybody seeing it.
func (w *world) testLost(t *testing.T, gondor, rohan *member) {
	t.Helper()
	w.ready("rohan", metav1.ConditionTrue)
	const lost = 30
	name := func(i int) string { return fmt.Sprintf("lost-%d", i) }
	for i := range lost {
		w.createConfigMap(configMap(name(i), "one"))
	}
	for i := range lost {
		w.holds(gondor, name(i), "one")
		w.holds(rohan, name(i), "one")
	}
	w.stop()
	for i := range lost {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": nil}})
		w.must(nil, err)
		w.must(nil, w.api.CoreV1().ConfigMaps("shop").Delete(t.Context(), name(i), metav1.DeleteOptions{}))
		w.must(w.api.CoreV1().ConfigMaps("shop").Patch(t.Context(), name(i), types.MergePatchType, patch, metav1.PatchOptions{}))
	}
	w.run()
	w.condition("gondor", fedv1beta1.ClusterCopiesHeld, metav1.ConditionTrue)
	w.condition("rohan", fedv1beta1.ClusterCopiesHeld, metav1.ConditionTrue)
	time.Sleep(2 * time.Second)
	for i := range lost {
		w.must(gondor.Client.CoreV1().ConfigMaps("shop").Get(t.Context(), name(i), metav1.GetOptions{}))
	}
	w.createConfigMap(configMap(name(0), "two")) // one that was restored
	w.holds(gondor, name(0), "two")
	w.patchCluster("gondor", fmt.Sprintf(`{"metadata":{"annotations":{%q:"true"}}}`, fedv1beta1.AnnotationDeleteUnsourced))
	for i := 1; i < lost; i++ {
		w.misses(gondor, name(i))
	}
	w.condition("gondor", fedv1beta1.ClusterCopiesHeld, "")
	var c fedv1beta1.Cluster
	w.must(nil, w.clusters.Get(t.Context(), client.ObjectKey{Name: "gondor"}, &c))
	if _, ok := c.Annotations[fedv1beta1.AnnotationDeleteUnsourced]; ok {
		t.Error("the annotation that was heeded is still there")
	}
	w.condition("rohan", fedv1beta1.ClusterCopiesHeld, metav1.ConditionTrue)
	w.must(rohan.Client.CoreV1().ConfigMaps("shop").Get(t.Context(), name(1), metav1.GetOptions{}))
	w.holds(gondor, name(0), "two")
}
