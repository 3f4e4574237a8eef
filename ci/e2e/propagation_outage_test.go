//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// failoverGrace is how long a member may be away, here, until others get its replicas.
const failoverGrace = 20 * time.Second

// TestPropagationOutage loses members in every way. That is nobody's business but theirs: others are served as before, deletions end, and
// who is back has soon what the sources demand. rohan is watched; arnor fails; gondor is reached through a proxy that does what it is told.
func TestPropagationOutage(t *testing.T) {
	isLong(t)
	s := newSandbox(t)
	behind, watched, lost := s.member(gondor), s.member(rohan), s.member(arnor)
	r := s.realm("quest", fmt.Sprintf("--controllermanager-arg-overrides=--cluster-monitor-period=3s,--cluster-monitor-timeout=2s,--failover-grace=%s", failoverGrace))
	p := newProxy(s, behind)
	r.join(s, watched)
	r.join(s, lost)
	r.join(s, behind, "--cluster-endpoint="+p.url, "--cluster-ca="+p.ca)
	namespace := s.namespace + "-out"
	s.kubectl(r.name, "create", "namespace", namespace)
	r.kubectl(s, namespace, "apply", "--filename="+kindsFile())
	r.converges(s, time.Minute, namespace)
	r.settles(s, 2*time.Minute, namespace)
	usual := r.latency(s, namespace, rohan)
	s.Logf("usually a ConfigMap is in rohan %s after it was made", usual.Round(time.Millisecond))

	for _, outage := range []struct {
		name       string
		begin, end func(s *sandbox)
	}{
		{"stopped", func(s *sandbox) { s.signal(arnor, "kube-apiserver", syscall.SIGSTOP) }, func(s *sandbox) { s.signal(arnor, "kube-apiserver", syscall.SIGCONT) }},
		{"cut off", func(s *sandbox) { s.cable(arnor, "down") }, func(s *sandbox) { s.cable(arnor, "up") }},
		{"killed", func(s *sandbox) { s.proc("stop", arnor, "kube-apiserver") }, func(s *sandbox) { s.proc("start", arnor, "kube-apiserver") }},
	} {
		s.step("arnor is "+outage.name, func(s *sandbox) {
			during := s.namespace + "-" + strings.ReplaceAll(outage.name, " ", "-")
			s.kubectl(r.name, "create", "namespace", during)
			r.apply(s, during, doomed)
			r.converges(s, time.Minute, during)
			over := false
			s.Cleanup(func() {
				if !over {
					outage.end(s)
				}
			})
			outage.begin(s)
			r.unhurt(s, namespace, usual)
			s.becomes(time.Minute, r.name, arnor, fedv1beta1.ClusterReady, "False", "")
			r.propagates(s, namespace, "configmap/settings", "synced 3/3") // it is as the source has it; nothing is owed
			r.api.patch(s, r.kind("configmaps"), namespace, "settings", fmt.Sprintf(`{"data":{"road":%q}}`, outage.name))
			r.propagates(s, namespace, "configmap/settings", "synced 2/3; arnor: Unreachable")
			r.deletionEnds(s, during, "configmap/lost", "deployment/lost")
			r.kubectl(s, during, "create", "configmap", "found", "--from-literal=a=b")
			r.owed(s, arnor, true)
			r.unhurt(s, namespace, usual)
			if outage.name == "killed" {
				r.failedOver(s, during)
			}
			r.deletionEnds(s, during, "namespace/"+during)
			outage.end(s)
			over = true
			s.becomes(time.Minute, r.name, arnor, fedv1beta1.ClusterReady, "True", "")
			r.converges(s, 3*time.Minute, namespace, during) // a namespace takes its time where the API server has just started
			r.owed(s, arnor, false)
			r.settles(s, time.Minute, namespace)
		})
	}
	for _, fault := range []struct {
		name string
		kind fault
	}{{"answers 429 at random", tooMany}, {"answers 500 at random", broken}, {"is slow", slow}, {"has no room on its disk", full}} {
		s.step("gondor "+fault.name, func(s *sandbox) {
			during := s.namespace + "-" + strings.ReplaceAll(fault.name, " ", "-")
			s.kubectl(r.name, "create", "namespace", during)
			r.apply(s, during, doomed)
			r.converges(s, time.Minute, during)
			p.suffer(fault.kind)
			s.Cleanup(func() { p.suffer(healthy) })
			r.unhurt(s, namespace, usual)
			r.deletionEnds(s, during, "configmap/lost", "deployment/lost")
			r.api.patch(s, r.kind("configmaps"), namespace, "settings", fmt.Sprintf(`{"data":{"road":%q}}`, fault.name))
			r.kubectl(s, during, "create", "configmap", "found", "--from-literal=a=b")
			r.unhurt(s, namespace, usual)
			s.Logf("%d requests of %d suffered", p.suffered.Load(), p.requests.Load())
			if p.suffered.Load() == 0 {
				s.Error("the proxy has let all requests through")
			}
			p.suffer(healthy)
			r.converges(s, 90*time.Second, namespace, during)
			r.clear(s, during)
		})
	}
	r.clear(s, namespace)
	r.end(s)
}

// doomed are deleted while a member is away.
const doomed = `
{apiVersion: v1, kind: ConfigMap, metadata: {name: lost}, data: {a: b}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: kept}, data: {a: b}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lost}
spec:
  replicas: 3
  selector: {matchLabels: {app: lost}}
  template:
    metadata: {labels: {app: lost}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "1000000"]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: moved, annotations: {e2e/replicas: any}}
spec:
  replicas: 6
  selector: {matchLabels: {app: moved}}
  template:
    metadata: {labels: {app: moved}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "1000000"]}]
`

// unhurt checks that the latency to a member that is well is what it is usually.
func (r *realm) unhurt(s *sandbox, namespace string, usual time.Duration) {
	s.Helper()
	now := r.latency(s, namespace, rohan)
	s.Logf("a ConfigMap is in rohan %s after it was made, usually %s", now.Round(time.Millisecond), usual.Round(time.Millisecond))
	if most := 3*usual + 200*time.Millisecond; now > most {
		s.Errorf("a ConfigMap is in rohan %s after it was made, usually %s: want %s at most", now, usual, most)
	}
}

// deletionEnds deletes objects while a member cannot do its part.
func (r *realm) deletionEnds(s *sandbox, namespace string, objects ...string) {
	s.Helper()
	begin := time.Now()
	r.kubectl(s, namespace, append([]string{"delete", "--timeout=75s"}, objects...)...)
	s.Logf("%s: deleted within %s", strings.Join(objects, ", "), time.Since(begin).Round(100*time.Millisecond))
}

// owed waits until there is a record of what a member has still to do, or until there is none.
func (r *realm) owed(s *sandbox, member string, want bool) {
	s.Helper()
	s.eventually(time.Minute, fmt.Sprintf("%s owes something: %t", member, want), func() error {
		maps, err := r.api.client.CoreV1().ConfigMaps(metav1.NamespaceSystem).List(s.Context(), metav1.ListOptions{LabelSelector: labels.Set{fedv1beta1.LabelCluster: member}.String()})
		if err != nil {
			return err
		}
		var entries []string
		for _, m := range maps.Items {
			for key, what := range m.Data {
				entries = append(entries, key+": "+what)
			}
		}
		if (len(entries) > 0) != want {
			return fmt.Errorf("the ledger has %v", entries)
		}
		return nil
	})
}

// failedOver checks that the replicas of the member that is away run elsewhere, after the grace.
func (r *realm) failedOver(s *sandbox, namespace string) {
	s.Helper()
	s.eventually(failoverGrace+time.Minute, "the other members run all replicas", func() error {
		a, b := r.replicas(s, gondor, namespace, "moved"), r.replicas(s, rohan, namespace, "moved")
		if a+b != 6 {
			return fmt.Errorf("gondor has %d, rohan %d, want 6 together", a, b)
		}
		return nil
	})
	r.kubectl(s, namespace, "rollout", "status", "deployment/moved", "--timeout=60s")
	r.event(s, metav1.NamespaceDefault, arnor, "FailedOver") // of the Cluster
}

// signal sends one to a component of a cluster of the test bed.
func (s *sandbox) signal(kubeContext, component string, sig syscall.Signal) {
	s.Helper()
	cmd := exec.Command("go", "run", ".", "status")
	cmd.Dir = filepath.Join(bed.root, "ci", "testbed")
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("status of the test bed: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == kubeContext && f[1] == component {
			pid, err := strconv.Atoi(f[2])
			if err := errors.Join(err, syscall.Kill(pid, sig)); err != nil {
				s.Fatalf("send %s to %s of %s: %v", sig, component, kubeContext, err)
			}
			return
		}
	}
	s.Fatalf("there is no %s of %s:\n%s", component, kubeContext, out)
}

// cable pulls a cluster's network cable, or plugs it in.
func (s *sandbox) cable(kubeContext, state string) {
	s.Helper()
	if out, err := exec.Command("ip", "-n", "fh-switch", "link", "set", kubeContext, state).CombinedOutput(); err != nil {
		s.Fatalf("set the cable of %s %s: %v\n%s", kubeContext, state, err, out)
	}
}
