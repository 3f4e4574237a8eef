//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"
)

// autoscaler lets members' autoscalers rule the replicas there: federated ones, and those that are the members' own. There are no metrics
// in the test bed; an autoscaler keeps its minimum without.
func (r *realm) autoscaler(s *sandbox, namespace string) {
	const federated = `
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 6, maxReplicas: 10,
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}}
`
	r.apply(s, namespace, strings.Replace(driftObjects, "metadata: {name: web}\n", "metadata: {name: web, annotations: {e2e/replicas: any}}\n", 1))
	r.converges(s, time.Minute, namespace)
	run := func(inGondor, inRohan int64) error {
		if a, b := r.replicas(s, gondor, namespace, "web"), r.replicas(s, rohan, namespace, "web"); a != inGondor || b != inRohan {
			return fmt.Errorf("replicas in gondor are %d, in rohan %d, want %d and %d", a, b, inGondor, inRohan)
		}
		return nil
	}
	s.step("that of a member", func(s *sandbox) {
		s.kubectl(gondor, "--namespace="+namespace, "autoscale", "deployment", "web", "--name=own", "--min=3", "--max=4", "--cpu=80%")
		s.eventually(time.Minute, "it scales", func() error { return run(3, 1) })
		r.atRest(s, namespace, false)
		if err := run(3, 1); err != nil {
			s.Errorf("a while later: %v", err)
		}
		r.kubectl(s, namespace, "label", "deployment", "web", "round=2")
		r.converges(s, 30*time.Second, namespace)
		if err := run(3, 1); err != nil {
			s.Errorf("after a change of something else: %v", err)
		}
		s.kubectl(gondor, "--namespace="+namespace, "delete", "hpa", "own")
	})
	s.step("a federated one", func(s *sandbox) {
		r.apply(s, namespace, federated)
		s.eventually(time.Minute, "both members scale to their part of the minimum", func() error { return run(3, 3) })
		r.converges(s, time.Minute, namespace)
		r.settles(s, time.Minute, namespace)
		r.atRest(s, namespace, false)
		if err := run(3, 3); err != nil {
			s.Errorf("a while later: %v", err)
		}
	})
}

// replicas are those that a Deployment in a member asks for.
func (r *realm) replicas(s *sandbox, member, namespace, name string) int64 {
	s.Helper()
	return replicasOf(r.member(member).get(s, r.kind("deployments.apps"), namespace, name))
}
