//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// selectors has a ConfigMap for each operator. gondor is environment=production, tier=3; rohan environment=staging, tier=1, horses=many.
func (r *realm) selectors(s *sandbox, namespace string) {
	var objects strings.Builder
	for name, tt := range map[string]struct{ selector, members string }{
		"in":              {`[{"key":"environment","operator":"In","values":["production","test"]}]`, gondor},
		"in-lower":        {`[{"key":"environment","operator":"in","values":["staging"]}]`, rohan},
		"not-in":          {`[{"key":"environment","operator":"NotIn","values":["production"]}]`, rohan},
		"not-in-unset":    {`[{"key":"horses","operator":"notin","values":["many"]}]`, gondor},
		"exists":          {`[{"key":"horses","operator":"Exists"}]`, rohan},
		"does-not-exist":  {`[{"key":"horses","operator":"DoesNotExist"}]`, gondor},
		"not":             {`[{"key":"horses","operator":"!"}]`, gondor},
		"equals":          {`[{"key":"environment","operator":"=","values":["staging"]}]`, rohan},
		"equals-twice":    {`[{"key":"environment","operator":"==","values":["production"]}]`, gondor},
		"not-equals":      {`[{"key":"environment","operator":"!=","values":["staging"]}]`, gondor},
		"greater":         {`[{"key":"tier","operator":"Gt","values":["2"]}]`, gondor},
		"greater-sign":    {`[{"key":"tier","operator":">","values":["0"]}]`, "gondor,rohan"},
		"less":            {`[{"key":"tier","operator":"Lt","values":["3"]}]`, rohan},
		"less-sign":       {`[{"key":"tier","operator":"<","values":["1"]}]`, "-"},
		"all-must-hold":   {`[{"key":"environment","operator":"Exists"},{"key":"tier","operator":"Gt","values":["2"]}]`, gondor},
		"none-does":       {`[{"key":"environment","operator":"In","values":["production"]},{"key":"tier","operator":"Lt","values":["2"]}]`, "-"},
		"of-the-region":   {`[{"key":"topology.kubernetes.io/region","operator":"In","values":["eu-west"]}]`, gondor},
		"no-requirements": {`[]`, "gondor,rohan"},
	} {
		fmt.Fprintf(&objects, "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, annotations: {%s: '%s', %s: '%s'}}, data: {a: b}}\n",
			name, fedv1beta1.AnnotationV1ClusterSelector, tt.selector, expectMembers, tt.members)
	}
	s.step("operators", func(s *sandbox) {
		r.apply(s, namespace, objects.String())
		r.converges(s, time.Minute, namespace)
	})
	maps := r.kind("configmaps")
	s.step("a selector that is changed", func(s *sandbox) {
		r.api.patch(s, maps, namespace, "in", fmt.Sprintf(`{"metadata":{"annotations":{%q:%q,%q:%q}}}`,
			fedv1beta1.AnnotationV1ClusterSelector, `[{"key":"horses","operator":"Exists"}]`, expectMembers, rohan))
		r.api.patch(s, maps, namespace, "not-in", fmt.Sprintf(`{"metadata":{"annotations":{%q:null,%q:null}}}`, fedv1beta1.AnnotationV1ClusterSelector, expectMembers))
		r.converges(s, 20*time.Second, namespace)
	})
	s.step("a Cluster that is labelled otherwise", func(s *sandbox) {
		r.apply(s, namespace, fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: follows, annotations: {%s: '%s', %s: '-'}}}\n",
			fedv1beta1.AnnotationV1ClusterSelector, `[{"key":"beacons","operator":"In","values":["lit"]}]`, expectMembers))
		r.converges(s, 20*time.Second, namespace)
		for _, step := range []struct{ label, members string }{{"beacons=lit", gondor}, {"beacons=out", "-"}} {
			s.kubectl(r.name, "label", "cluster", gondor, step.label, "--overwrite")
			r.api.patch(s, maps, namespace, "follows", fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, expectMembers, step.members))
			r.converges(s, 20*time.Second, namespace)
		}
		s.kubectl(r.name, "label", "cluster", gondor, "beacons-")
	})
	s.step("a selector that cannot be read takes nothing away", func(s *sandbox) {
		r.api.patch(s, maps, namespace, "in", fmt.Sprintf(`{"metadata":{"annotations":{%q:"[{"}},"data":{"a":"changed"}}`, fedv1beta1.AnnotationV1ClusterSelector))
		r.event(s, namespace, "in", "MalformedAnnotation")
		held := r.member(rohan).get(s, maps, namespace, "in")
		if held == nil || fmt.Sprint(held.Object["data"]) != "map[a:b]" {
			s.Errorf("the copy is %v, want it as it was", held)
		}
		r.api.patch(s, maps, namespace, "in", fmt.Sprintf(`{"metadata":{"annotations":{%q:null,%q:null}}}`, fedv1beta1.AnnotationV1ClusterSelector, expectMembers))
		r.converges(s, 20*time.Second, namespace)
	})
}

// event waits for one on a source.
func (r *realm) event(s *sandbox, namespace, name, reason string) {
	s.Helper()
	s.eventually(2*time.Minute, reason+" of "+name+" is an event", func() error {
		got := r.kubectl(s, namespace, "get", "events", "--field-selector=involvedObject.name="+name, "--output=jsonpath={.items[*].reason}")
		if !strings.Contains(got, reason) {
			return fmt.Errorf("events are: %s", got)
		}
		return nil
	})
}

// preferences says how many replicas each member gets.
func (r *realm) preferences(s *sandbox, namespace string) {
	const workload = `---
apiVersion: apps/v1
kind: %[1]s
metadata: {name: %[2]s, annotations: {%[3]s: '%[4]s', e2e/replicas: '%[5]s'}}
spec:
  replicas: %[6]d
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "1000000"]}]
`
	const deployments, replicaSets = fedv1beta1.AnnotationV1DeploymentPreferences, fedv1beta1.AnnotationV1ReplicaSetPreferences
	var objects strings.Builder
	fmt.Fprintf(&objects, workload, "Deployment", "weighted", deployments, `{"clusters":{"gondor":{"weight":1},"rohan":{"weight":2}}}`, "gondor=2,rohan=4", 6)
	fmt.Fprintf(&objects, workload, "Deployment", "at-least", deployments, `{"clusters":{"gondor":{"minReplicas":3},"*":{"weight":1}}}`, "gondor=3,rohan=2", 5)
	fmt.Fprintf(&objects, workload, "Deployment", "at-most", deployments, `{"clusters":{"gondor":{"weight":10,"maxReplicas":1},"*":{"weight":1}}}`, "gondor=1,rohan=4", 5)
	fmt.Fprintf(&objects, workload, "Deployment", "odd", deployments, `{"rebalance":true,"clusters":{"gondor":{"weight":1},"*":{"weight":3}}}`, "gondor=1,rohan=3", 4)
	fmt.Fprintf(&objects, workload, "ReplicaSet", "set", replicaSets, `{"clusters":{"gondor":{"weight":1},"rohan":{"weight":3}}}`, "gondor=1,rohan=3", 4)
	fmt.Fprintf(&objects, "---\n%s", strings.TrimSpace(fmt.Sprintf(`
apiVersion: batch/v1
kind: Job
metadata: {name: errand, annotations: {%s: '{"clusters":{"gondor":{"weight":1},"rohan":{"weight":3}}}', e2e/replicas: 'gondor=1,rohan=3'}}
spec:
  completions: 4
  parallelism: 4
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "docker.io/library/busybox:stable", command: [busybox, "true"]}]}}
`, fedv1beta1.AnnotationV1JobPreferences)))
	s.step("weights, minimums and maximums", func(s *sandbox) {
		r.apply(s, namespace, objects.String())
		r.converges(s, time.Minute, namespace)
		r.settles(s, time.Minute, namespace)
		r.says(s, namespace, "job/errand", "condition=Complete")
	})
	change := func(s *sandbox, name, preferences, expect string, replicas int) {
		s.Helper()
		r.api.patch(s, r.kind("deployments.apps"), namespace, name, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q,%q:%q}},"spec":{"replicas":%d}}`,
			deployments, preferences, expectReplicas, expect, replicas))
		r.converges(s, time.Minute, namespace)
		r.settles(s, time.Minute, namespace)
	}
	s.step("what runs stays, unless rebalance says otherwise", func(s *sandbox) {
		change(s, "weighted", `{"clusters":{"gondor":{"weight":2},"rohan":{"weight":1}}}`, "gondor=2,rohan=4", 6)
		change(s, "weighted", `{"rebalance":true,"clusters":{"gondor":{"weight":2},"rohan":{"weight":1}}}`, "gondor=4,rohan=2", 6)
	})
	s.step("a Deployment leaves a member", func(s *sandbox) {
		change(s, "odd", `{"rebalance":true,"clusters":{"rohan":{"weight":3}}}`, "gondor=0,rohan=4", 4)
	})
	s.step("room that a member has not", func(s *sandbox) {
		r.apply(s, namespace, strings.Replace(fmt.Sprintf(workload, "Deployment", "big", deployments, `{"rebalance":true,"clusters":{"*":{"weight":1}}}`, "any", 4),
			"command:", `resources: {requests: {memory: 200Gi}}, command:`, 1)) // of the nodes, only simulated ones have as much
		s.eventually(3*time.Minute, "the replicas run where there is room", func() error {
			if got := r.kubectl(s, namespace, "get", "deployment", "big", "--output=jsonpath={.status.readyReplicas}"); got != "3" { // as many nodes
				return fmt.Errorf("%s replicas are ready, want 3: %s", got, r.kubectl(s, namespace, "get", "deployment", "big", `--output=jsonpath={.metadata.annotations}`))
			}
			return nil
		})
		r.event(s, namespace, "big", "NotPlaced")
	})
}
