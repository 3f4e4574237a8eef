//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// offlineGrace is how long a member may be away, here, until its addresses leave the zone.
const offlineGrace = 6 * time.Second

// kept is how long a member's cluster DNS keeps an answer at least.
const kept = 5 * time.Second

// website is a Service that says which node answers, and somebody who asks for it, in each member.
const website = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {federation.kubernetes.io/deployment-preferences: '{"rebalance": true, "clusters": {"*": {"weight": 1}}}'}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: docker.io/library/busybox:stable
        imagePullPolicy: Never
        command: [busybox, sh, -c, "mkdir /tmp/www; echo $NODE > /tmp/www/index.html; exec busybox httpd -f -p 8080 -h /tmp/www"]
        env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {federation.fedhelm.io/dns-ttl: "1"}}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: asker}
spec:
  selector: {matchLabels: {app: asker}}
  template:
    metadata: {labels: {app: asker}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: asker, image: docker.io/library/busybox:stable, imagePullPolicy: Never, command: [busybox, sleep, "86400"]}]
`

// TestFederatedNames follows one name through the life of a federation whose zone the bundled server serves: from a pod in each of two
// members in different regions, it leads to the nearest that can answer. The times of the transitions are printed.
func TestFederatedNames(t *testing.T) {
	s := newSandbox(t)
	first, second := s.member(gondor), s.member(mordor)
	r := s.realm("fellowship", "--dns-provider=coredns", zone,
		fmt.Sprintf("--controllermanager-arg-overrides=--cluster-monitor-period=2s,--cluster-monitor-timeout=2s,--dns-resync-period=10s,--dns-offline-grace=%s", offlineGrace))
	r.join(s, first)
	r.join(s, second)
	d := s.zoneServer(r.name)
	namespace := s.namespace + "-site"
	s.kubectl(r.name, "create", "namespace", namespace)
	r.apply(s, namespace, website)
	n := &nameTest{r: r, d: d, namespace: namespace, levels: levels("web."+namespace, r.name)}
	n.answers(s, "after it was made", gondor, gondor)
	n.answers(s, "after it was made", mordor, mordor)
	s.kubectl(r.name, "--namespace="+namespace, "wait", "service/web", "--for=condition=federation.fedhelm.io/DNS", "--timeout=30s")
	atFirst := d.dump(s, n.levels)
	s.Logf("the zone has:\n%s", atFirst)

	s.step("the local Service has no pods", func(s *sandbox) { n.withoutPods(s) })
	s.step("a member is killed", func(s *sandbox) { n.killed(s) })
	d.becomes(s, n.levels, atFirst)
	n.answers(s, "in the end", gondor, gondor)
	n.answers(s, "in the end", mordor, mordor)

	s.step("a member is drained", func(s *sandbox) { n.drained(s) })
	d.becomes(s, n.levels, atFirst)
	s.step("somebody meddles", func(s *sandbox) { n.meddled(s) })
	s.step("the controller manager is killed", func(s *sandbox) { n.managerKilled(s) })
	s.step("a member leaves", func(s *sandbox) {
		r.part(s, mordor, "--workloads=delete")
		d.becomesWithout(s, n.levels, "ap-south")
	})
	r.clear(s, namespace)
	d.becomes(s, n.levels, "")
	r.end(s)
}

// nameTest asks for the names of one Service.
type nameTest struct {
	r         *realm
	d         *zoneServer
	namespace string
	levels    []string
}

// answers waits until the name leads pods of a member to another, or the same.
func (n *nameTest) answers(s *sandbox, when, from, by string) {
	s.Helper()
	begin := time.Now()
	s.eventually(2*time.Minute, fmt.Sprintf("%s is answered by %s in %s", when, by, from), func() error {
		if got, result := n.ask(s, from); got != by+"-1" {
			return fmt.Errorf("it is %q: %s", got, result)
		}
		return nil
	})
	s.Logf("%s: in %s the name leads to %s, %.1f s later", when, from, by, time.Since(begin).Seconds())
}

// ask is which node answers to the name in a member.
func (n *nameTest) ask(s *sandbox, from string) (string, result) {
	got := s.try(20*time.Second, "kubectl", "--context="+from, "--namespace="+n.namespace, "exec", "daemonset/asker", "--",
		"fetch", "http://web."+n.namespace+"."+n.r.name+"/")
	return strings.TrimSpace(got.stdout), got
}

// withoutPods scales the Service of a member to nothing and back.
func (n *nameTest) withoutPods(s *sandbox) {
	prefer := func(preferences string) {
		n.r.kubectl(s, n.namespace, "annotate", "--overwrite", "deployment/web", "federation.kubernetes.io/deployment-preferences="+preferences)
	}
	prefer(`{"rebalance": true, "clusters": {"gondor": {"weight": 0, "maxReplicas": 0}, "mordor": {"weight": 1}}}`)
	n.answers(s, "gondor's pods are gone", gondor, mordor)
	n.answers(s, "gondor's pods are gone", mordor, mordor)
	n.withoutServer(s)
	prefer(`{"rebalance": true, "clusters": {"*": {"weight": 1}}}`)
	n.answers(s, "gondor's pods are back", gondor, gondor)
}

// withoutServer ends all that serves the zone: what it said last holds in the members.
func (n *nameTest) withoutServer(s *sandbox) {
	// Each of a member's resolvers goes on with what it was told itself.
	resolvers := func(replicas int) {
		at := []string{"--namespace=" + s.namespace, "deployment/" + n.r.name + "-resolver"}
		s.kubectl(gondor, append([]string{"scale", fmt.Sprintf("--replicas=%d", replicas)}, at...)...)
		s.kubectl(gondor, append([]string{"rollout", "status", "--timeout=90s"}, at...)...)
	}
	resolvers(1)
	s.eventually(time.Minute, "one resolver to be left in gondor", func() error {
		pods := strings.Fields(s.kubectl(gondor, "--namespace="+s.namespace, "get", "pods", "--selector=app.kubernetes.io/component=resolver", "--output=name"))
		if len(pods) != 1 {
			return fmt.Errorf("there are %v", pods)
		}
		return nil
	})
	// What was said by one that is gone by now may still be kept. Whoever is left must have been asked.
	for begin := time.Now(); time.Since(begin) < 2*kept; {
		n.answers(s, "one resolver is left", gondor, mordor)
	}
	scale := func(replicas int) {
		for _, server := range []string{"deployment/" + n.d.name, "statefulset/" + n.d.name + "-etcd"} {
			s.kubectl(hostContext, "--namespace="+s.namespace, "scale", server, fmt.Sprintf("--replicas=%d", replicas))
		}
	}
	scale(0)
	s.kubectl(hostContext, "--namespace="+s.namespace, "wait", "pod", "--selector=app.kubernetes.io/name=federation-dns", "--for=delete", "--timeout=60s")
	// Somebody who asks a machine that has much to do may have to ask twice.
	var slowest time.Duration
	asked, unanswered := 0, 0
	for begin := time.Now(); time.Since(begin) < 3*kept; asked++ {
		got, result := n.ask(s, gondor)
		slowest = max(slowest, result.took)
		switch {
		case got == mordor+"-1":
			unanswered = 0
		case got == "" && unanswered == 0:
			unanswered++
		default:
			s.Fatalf("%.1f s after the zone's server was taken away it is %q that answers in gondor: %s", time.Since(begin).Seconds(), got, result)
		}
	}
	s.Logf("without the zone's server: asked %d times, the slowest answer took %.1f s", asked, slowest.Seconds())
	scale(1)
	for _, server := range []string{"statefulset/" + n.d.name + "-etcd", "deployment/" + n.d.name} {
		s.kubectl(hostContext, "--namespace="+s.namespace, "rollout", "status", server, "--timeout=90s")
	}
	resolvers(2)
}

// killed takes a member's API server away for longer than the grace, and gives it back.
func (n *nameTest) killed(s *sandbox) {
	back := false
	s.Cleanup(func() {
		if !back {
			s.proc("start", mordor, "kube-apiserver")
		}
	})
	address := n.d.address(s, mordor, n.namespace, "web")
	begin := time.Now()
	s.proc("stop", mordor, "kube-apiserver")
	s.becomes(time.Minute, n.r.name, mordor, fedv1beta1.ClusterReady, "False", "")
	s.Logf("mordor is not Ready, %.1f s after its API server was killed", time.Since(begin).Seconds())
	n.d.becomesWithout(s, n.levels, address)
	s.Logf("no name leads to mordor, %.1f s after its API server was killed (grace: %s)", time.Since(begin).Seconds(), offlineGrace)
	begin = time.Now()
	s.proc("start", mordor, "kube-apiserver")
	back = true
	s.becomes(time.Minute, n.r.name, mordor, fedv1beta1.ClusterReady, "True", "")
	n.d.becomesWith(s, n.levels, address)
	s.Logf("names lead to mordor again, %.1f s after its API server was started", time.Since(begin).Seconds())
}

// drained takes a member out of the names by command.
func (n *nameTest) drained(s *sandbox) {
	address := n.d.address(s, gondor, n.namespace, "web")
	begin := time.Now()
	s.fedhelm("dns", "drain", gondor, "--federation="+n.r.name)
	s.Logf("gondor is drained after %.1f s", time.Since(begin).Seconds())
	n.d.becomesWithout(s, n.levels, address)
	list := s.fedhelm("dns", "list", "--federation="+n.r.name, "--namespace="+n.namespace).stdout
	if !strings.Contains(list, "Drained") {
		s.Errorf("dns list does not say that gondor is drained:\n%s", list)
	}
	s.fedhelm("dns", "undrain", gondor, "--federation="+n.r.name)
	n.d.becomesWith(s, n.levels, address)
	resolved := s.fedhelm("dns", "resolve", "web."+n.namespace+"."+n.r.name, "--from="+gondor, "--federation="+n.r.name).stdout
	s.Logf("dns resolve says:\n%s", resolved)
}

// meddled changes what is in the zone behind the federation's back.
func (n *nameTest) meddled(s *sandbox) {
	before := n.d.dump(s, n.levels)
	foreign := "foreign." + n.namespace + "." + n.r.name + ".svc.example.com."
	n.d.meddle(s, func(ctx context.Context, etcd *clientv3.Client) error {
		_, err := etcd.Txn(ctx).Then(
			clientv3.OpDelete(n.d.key(n.levels[0])+"/", clientv3.WithPrefix()),
			clientv3.OpPut(n.d.key(n.levels[2])+"/deadbeef", `{"host":"192.0.2.66","ttl":1}`),
			clientv3.OpPut(n.d.key(foreign)+"/deadbeef", `{"host":"192.0.2.77","ttl":1}`),
		).Commit()
		return err
	})
	n.d.becomes(s, n.levels, before)
	n.r.apply(s, n.namespace, `{apiVersion: v1, kind: Service, metadata: {name: foreign}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}`)
	n.r.kubectl(s, n.namespace, "wait", "service/foreign", `--for=jsonpath={.status.conditions[?(@.type=="federation.fedhelm.io/DNS")].reason}=Conflict`, "--timeout=60s")
	if got := n.d.dump(s, []string{foreign}); !strings.Contains(got, "192.0.2.77") {
		s.Errorf("the foreign record was changed:\n%s", got)
	}
	n.r.kubectl(s, n.namespace, "delete", "service", "foreign")
	n.d.meddle(s, func(ctx context.Context, etcd *clientv3.Client) error {
		_, err := etcd.Delete(ctx, n.d.key(foreign)+"/", clientv3.WithPrefix())
		return err
	})
}

// managerKilled has the zone changed while nobody follows it.
func (n *nameTest) managerKilled(s *sandbox) {
	before := n.d.dump(s, n.levels)
	n.r.apply(s, n.namespace, `{apiVersion: v1, kind: Service, metadata: {name: brief}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}`)
	s.kubectl(hostContext, "--namespace="+s.namespace, "delete", "pod", "--selector=app.kubernetes.io/component=controller-manager", "--grace-period=0", "--force", "--wait=false")
	brief := levels("brief."+n.namespace, n.r.name)
	n.d.becomesWith(s, brief, "brief.")
	n.r.kubectl(s, n.namespace, "delete", "service", "brief", "--wait=false")
	s.kubectl(hostContext, "--namespace="+s.namespace, "delete", "pod", "--selector=app.kubernetes.io/component=controller-manager", "--grace-period=0", "--force", "--wait=false")
	n.d.becomes(s, brief, "")
	n.d.becomes(s, n.levels, before)
}
