//go:build integration

package state_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// mirrored is a Deployment that Helm manages, and what is kept beside it.
type mirrored struct {
	*federation
	client kubernetes.Interface
}

func (m *mirrored) replicaSet(t *testing.T, name string) (*appsv1.ReplicaSet, bool) {
	t.Helper()
	rs, err := m.client.AppsV1().ReplicaSets("default").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return rs, err == nil
}

// TestIntegrationReplicaSetForHelm has what may happen to the ReplicaSet.
func TestIntegrationReplicaSetForHelm(t *testing.T) {
	f := startFederation(t)
	f.helm = true
	m := &mirrored{federation: f, client: kubernetes.NewForConfigOrDie(f.server.Admin(t))}
	deployment := func(t *testing.T, name string) string {
		t.Helper()
		return "metadata: {name: " + name + "}\nspec: {replicas: 2, " + inline(pods) + "}"
	}
	t.Run("it follows the number of replicas", func(t *testing.T) {
		key := f.make(t, deployments, deployment(t, "scales"))
		f.members(key, running("gondor", 2, 2))
		f.get(t, key)
		before, _ := m.replicaSet(t, "scales-fedhelm")
		scale, err := m.client.AppsV1().Deployments("default").GetScale(t.Context(), "scales", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		scale.Spec.Replicas = 5
		if _, err := m.client.AppsV1().Deployments("default").UpdateScale(t.Context(), "scales", scale, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		f.members(key, running("gondor", 5, 4))
		f.get(t, key)
		after, is := m.replicaSet(t, "scales-fedhelm")
		if !is || after.UID != before.UID || *after.Spec.Replicas != 5 || after.Status.ReadyReplicas != 4 || after.Status.ObservedGeneration != after.Generation {
			t.Errorf("it is of generation %d with %d replicas: %+v", after.Generation, *after.Spec.Replicas, after.Status)
		}
	})
	t.Run("it is made again when somebody deleted it", func(t *testing.T) {
		key := f.make(t, deployments, deployment(t, "loses"))
		f.members(key, running("gondor", 2, 1))
		f.get(t, key)
		if err := m.client.AppsV1().ReplicaSets("default").Delete(t.Context(), "loses-fedhelm", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		f.mu.Lock()
		f.expected = "not found"
		f.mu.Unlock()
		f.members(key, running("gondor", 2, 2))
		f.get(t, key)
		f.get(t, key) // the first try finds that it is gone
		if rs, is := m.replicaSet(t, "loses-fedhelm"); !is || rs.Status.ReadyReplicas != 2 {
			t.Errorf("there is one: %t, with status %+v", is, rs.Status)
		}
	})
	t.Run("one of the user's is left alone", func(t *testing.T) {
		f.mu.Lock()
		f.expected, f.heard = "another ReplicaSet has the name", 0
		f.mu.Unlock()
		theirs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "taken-fedhelm"}, Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(7))}}
		theirs.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "theirs"}}
		theirs.Spec.Template.Labels = theirs.Spec.Selector.MatchLabels
		theirs.Spec.Template.Spec.Containers = append(theirs.Spec.Template.Spec.Containers, container())
		made, err := m.client.AppsV1().ReplicaSets("default").Create(t.Context(), theirs, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		key := f.make(t, deployments, deployment(t, "taken"))
		for n := range int32(3) {
			f.members(key, running("gondor", 2, n))
			f.get(t, key)
		}
		if rs, _ := m.replicaSet(t, "taken-fedhelm"); rs.ResourceVersion != made.ResourceVersion {
			t.Errorf("it was changed: %+v", rs)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.heard != 1 {
			t.Errorf("the writer complains %d times", f.heard)
		}
	})
	t.Run("one of a Deployment that was deleted goes first", func(t *testing.T) {
		f.mu.Lock()
		f.expected = "has not been deleted yet"
		f.mu.Unlock()
		key := f.make(t, deployments, deployment(t, "again"))
		f.members(key, running("gondor", 2, 2))
		f.get(t, key)
		before, _ := m.replicaSet(t, "again-fedhelm")
		if err := m.client.AppsV1().Deployments("default").Delete(t.Context(), "again", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		f.make(t, deployments, deployment(t, "again"))
		f.members(key, running("gondor", 2, 2))
		f.get(t, key)
		if rs, is := m.replicaSet(t, "again-fedhelm"); !is || rs.UID != before.UID {
			t.Error("that of the former Deployment was touched")
		}
		if err := m.client.AppsV1().ReplicaSets("default").Delete(t.Context(), "again-fedhelm", metav1.DeleteOptions{}); err != nil { // as the garbage collector does
			t.Fatal(err)
		}
		f.members(key, running("gondor", 2, 1))
		f.get(t, key)
		f.get(t, key)
		if rs, is := m.replicaSet(t, "again-fedhelm"); !is || rs.UID == before.UID || rs.Status.ReadyReplicas != 1 {
			t.Errorf("there is one: %t, with status %+v", is, rs.Status)
		}
	})
}
