//go:build integration

package state_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

// TestIntegrationKubectlWaitsForMembers sees that kubectl's waiting ends when members are ready, and not before.
func TestIntegrationKubectlWaitsForMembers(t *testing.T) {
	f := startFederation(t)
	kubectl := apiserver.Program(t, "kubectl")
	kubeconfig := f.server.Kubeconfig(t, "user", "system:masters")
	job := func(status string) []state.Part {
		return []state.Part{copyWith("gondor", status, shape.Share{Parallelism: new(int32(1)), Completions: new(int32(2))})}
	}
	revisions := func(current, update string, ready int32) []state.Part {
		return []state.Part{copyWith("gondor", fmt.Sprintf(
			`{"observedGeneration":1,"replicas":1,"readyReplicas":%d,"availableReplicas":%d,"currentReplicas":1,"updatedReplicas":1,"currentRevision":%q,"updateRevision":%q}`,
			ready, ready, current, update), replicas(1))}
	}
	nodes := func(ready int32) []state.Part {
		return []state.Part{copyWith("gondor", fmt.Sprintf(
			`{"observedGeneration":1,"currentNumberScheduled":2,"desiredNumberScheduled":2,"numberMisscheduled":0,"numberReady":%d,"updatedNumberScheduled":2,"numberAvailable":%d}`,
			ready, ready), shape.Share{})}
	}
	late := running("rohan", 1, 0)
	late.Copy.Status = []byte(`{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"unavailableReplicas":1,
		"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"too slow"}]}`)
	absent := in("rohan", delivery.Pending, "")
	absent.Wanted = replicas(1)
	tests := []struct {
		name          string
		kind          kinds.ID
		object        string
		command       string
		before, after []state.Part
		fails, says   string
	}{
		{
			name: "rollout status of a Deployment", kind: "deployments.apps", object: "metadata: {name: rolls}\nspec: {replicas: 3, " + inline(pods) + "}",
			command: "rollout status deployment/rolls",
			before:  []state.Part{running("gondor", 2, 2), running("rohan", 1, 0)}, after: []state.Part{running("gondor", 2, 2), running("rohan", 1, 1)},
			says: "successfully rolled out",
		},
		{
			name: "rollout status of a Deployment that is late in one member", kind: "deployments.apps",
			object: "metadata: {name: late}\nspec: {replicas: 3, " + inline(pods) + "}", command: "rollout status deployment/late",
			before: []state.Part{running("gondor", 2, 2), running("rohan", 1, 0)}, after: []state.Part{running("gondor", 2, 2), late},
			fails: "exceeded its progress deadline",
		},
		{
			name: "wait for a Deployment", kind: "deployments.apps", object: "metadata: {name: waits}\nspec: {replicas: 3, " + inline(pods) + "}",
			command: "wait --for=condition=Available deployment/waits",
			before:  []state.Part{running("gondor", 2, 2), absent}, after: []state.Part{running("gondor", 3, 3)},
			says: "condition met",
		},
		{
			name: "rollout status of a StatefulSet", kind: "statefulsets.apps",
			object: "metadata: {name: db}\nspec: {replicas: 1, serviceName: db, " + inline(pods) + "}", command: "rollout status statefulset/db",
			before: revisions("db-1", "db-2", 0), after: revisions("db-2", "db-2", 1), says: "roll out complete",
		},
		{
			name: "rollout status of a DaemonSet", kind: "daemonsets.apps", object: "metadata: {name: agent}\nspec: {" + inline(pods) + "}",
			command: "rollout status daemonset/agent", before: nodes(1), after: nodes(2), says: "successfully rolled out",
		},
		{
			name: "wait for a Job to be complete", kind: "jobs.batch", object: "metadata: {name: sums}\nspec: {completions: 2, " + inline(jobPods) + "}",
			command: "wait --for=condition=complete job/sums",
			before:  job(`{"startTime":"2026-01-01T10:00:00Z","active":1,"succeeded":1}`), after: job(complete), says: "condition met",
		},
		{
			name: "wait for a Job to fail", kind: "jobs.batch", object: "metadata: {name: fails}\nspec: {completions: 2, " + inline(jobPods) + "}",
			command: "wait --for=condition=failed job/fails", before: job(`{"startTime":"2026-01-01T10:00:00Z","active":1}`),
			after: job(`{"startTime":"2026-01-01T10:00:00Z","failed":1,"conditions":[{"type":"FailureTarget","status":"True"},{"type":"Failed","status":"True"}]}`),
			says:  "condition met",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := f.make(t, kindOf(tt.kind), tt.object)
			f.members(key, tt.before...)
			f.get(t, key)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			args := append([]string{"--kubeconfig=" + kubeconfig, "--namespace=default"}, strings.Fields(tt.command+" --timeout=30s")...)
			type end struct {
				output string
				err    error
			}
			ended := make(chan end, 1)
			go func() {
				output, err := exec.CommandContext(ctx, kubectl, args...).CombinedOutput()
				ended <- end{string(output), err}
			}()
			select {
			case e := <-ended:
				t.Fatalf("kubectl did not wait: %v: %s", e.err, e.output)
			case <-time.After(2 * time.Second):
			}
			f.members(key, tt.after...)
			e := <-ended
			if failed := e.err != nil; failed != (tt.fails != "") || !strings.Contains(e.output, tt.says+tt.fails) {
				t.Errorf("kubectl ends with %v: %s", e.err, e.output)
			}
		})
	}
}

// TestIntegrationHelmWaitsForMembers sees that what helm --wait asks says no before members are ready, yes after, and no again after an upgrade.
func TestIntegrationHelmWaitsForMembers(t *testing.T) {
	f := startFederation(t)
	f.helm = true
	client := kubernetes.NewForConfigOrDie(f.server.Admin(t))
	checker := kube.NewReadyChecker(client, t.Logf, kube.CheckJobs(true))
	k := kindOf("deployments.apps")
	key := f.make(t, k, "metadata: {name: web, labels: {app.kubernetes.io/managed-by: Helm}}\nspec: {replicas: 4, "+inline(pods)+"}")
	ready := func() bool {
		t.Helper()
		f.get(t, key)
		d, err := client.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		is, err := checker.IsReady(t.Context(), &resource.Info{Namespace: "default", Name: "web", Object: d})
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	f.members(key, running("gondor", 3, 1), running("rohan", 1, 1))
	if ready() {
		t.Error("Helm takes it for ready with 2 of 4 pods")
	}
	f.members(key, running("gondor", 3, 3), running("rohan", 1, 1))
	if !ready() {
		t.Error("Helm does not take it for ready")
	}
	replicaSet := func() *appsv1.ReplicaSet {
		t.Helper()
		rs, err := client.AppsV1().ReplicaSets("default").Get(t.Context(), "web-fedhelm", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return rs
	}
	rs := replicaSet()
	if rs.Annotations["federation.fedhelm.io/federate"] != "false" || rs.Status.ReadyReplicas != 4 || !*rs.OwnerReferences[0].Controller {
		t.Errorf("the ReplicaSet has annotations %v, status %+v, owners %v", rs.Annotations, rs.Status, rs.OwnerReferences)
	}

	// An upgrade: members have the new template, but the pods that are ready are of the old one.
	_, err := client.AppsV1().Deployments("default").Patch(t.Context(), "web", types.StrategicMergePatchType,
		[]byte(`{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ready() {
		t.Error("Helm takes it for ready before members know the new template")
	}
	rolling := running("gondor", 4, 4)
	rolling.Copy.Status = []byte(`{"observedGeneration":1,"replicas":5,"updatedReplicas":1,"readyReplicas":4,"availableReplicas":4,"unavailableReplicas":1}`)
	f.members(key, rolling)
	if ready() {
		t.Error("Helm takes it for ready while only old pods are")
	}
	f.members(key, running("gondor", 4, 4))
	if !ready() {
		t.Error("Helm does not take it for ready after the upgrade")
	}
	if after := replicaSet(); after.UID != rs.UID || after.Spec.Template.Spec.Containers[0].Image != "web:2" {
		t.Errorf("the ReplicaSet has image %s", after.Spec.Template.Spec.Containers[0].Image)
	}
}
