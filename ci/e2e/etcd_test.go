//go:build e2e

package e2e

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/pki"
)

// TestThreeEtcdMembers loses one of three members with all its data, and goes on.
func TestThreeEtcdMembers(t *testing.T) {
	s := newSandbox(t)
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort", "--set=controlPlane.etcd.replicas=3", "--etcd-pv-capacity=1Gi")
	s.ready("fellowship")
	s.remember("fellowship")
	// What is deleted first is gone once the pod is.
	s.host("delete", "persistentvolumeclaim", "data-fellowship-etcd-2", "--wait=false")
	s.host("delete", "pod", "fellowship-etcd-2", "--grace-period=0", "--force")
	for i := range 10 {
		// The API server is not ready while the other two agree on who leads them.
		s.eventually(time.Minute, "two of three members take a write", func() error {
			made := s.try(30*time.Second, "kubectl", "--context=fellowship", "--request-timeout=10s", "create", "configmap", fmt.Sprintf("written-%d", i))
			if made.code != 0 && !strings.Contains(made.stderr, "already exists") {
				return fmt.Errorf("%s", made)
			}
			return nil
		})
	}
	s.remembers("fellowship")
	s.purge("fellowship")
}

// TestEtcdAway starts an API server that has no etcd: it waits, for longer than kube-apiserver itself would, and can be deleted meanwhile.
func TestEtcdAway(t *testing.T) {
	s := newSandbox(t)
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort")
	s.remember("fellowship")
	// Locked out by oneself: what the control plane needs is put back.
	s.kubectl("fellowship", "delete", "clusterrolebinding", "federation:admins")
	s.host("scale", "statefulset/fellowship-etcd", "--replicas=0")
	s.host("wait", "--for=delete", "pod/fellowship-etcd-0", "--timeout=2m")

	const selector = "--selector=app.kubernetes.io/instance=fellowship,app.kubernetes.io/component=apiserver"
	container := func(field string) string {
		s.Helper()
		return s.host("get", "pods", selector, `--output=jsonpath={.items[*].status.containerStatuses[?(@.name=="apiserver")].`+field+`}`)
	}
	s.host("delete", "pod", selector, "--timeout=1m")
	s.eventually(time.Minute, "the API server's container waits for etcd", func() error {
		if logs := s.try(20*time.Second, "kubectl", "--context="+hostContext, "--namespace="+s.namespace, "logs", "deployment/fellowship-apiserver"); !strings.Contains(logs.stdout, "waiting: ") {
			return fmt.Errorf("%s", logs)
		}
		return nil
	})
	began := time.Now()
	s.host("delete", "pod", selector, "--timeout=1m")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s to delete a pod that waits; its grace is 30s", took.Round(time.Second))
	}
	s.eventually(time.Minute, "its successor waits too", func() error {
		if since := container("state.running.startedAt"); since == "" {
			return fmt.Errorf("not running: %s", container("state"))
		}
		return nil
	})
	time.Sleep(25 * time.Second) // kube-apiserver gives up after 20
	if restarts := container("restartCount"); restarts != "0" {
		t.Errorf("without etcd it was restarted %s times", restarts)
	}

	s.host("scale", "statefulset/fellowship-etcd", "--replicas=1")
	s.ready("fellowship")
	if restarts := container("restartCount"); restarts != "0" {
		t.Errorf("it was restarted %s times", restarts)
	}
	s.eventually(2*time.Minute, "the administrators have their rights again", func() error {
		if r := s.try(20*time.Second, "kubectl", "--context=fellowship", "get", "configmaps"); r.code != 0 {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
	s.remembers("fellowship")
	s.purge("fellowship")
}

// TestExistingClaim keeps the data in a claim of the user's, which outlives the federation, purged or not.
func TestExistingClaim(t *testing.T) {
	s := newSandbox(t)
	s.makeNamespace()
	s.refused(3, 30*time.Second, []string{`no PersistentVolumeClaim "chronicle"`, "--etcd-existing-claim"}, "init", "fellowship", "--etcd-existing-claim=chronicle")
	s.apply(`{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "chronicle"},
		"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}`)
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort", "--etcd-existing-claim=chronicle")
	s.remember("fellowship")
	s.purge("fellowship")
	if got := s.host("get", "persistentvolumeclaim", "chronicle", "--output=jsonpath={.status.phase}"); got != "Bound" {
		t.Fatalf("after the purge the user's claim is %q", got)
	}
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort", "--etcd-existing-claim=chronicle")
	s.remembers("fellowship")
	s.purge("fellowship")
}

func (s *sandbox) apply(objects ...string) {
	s.Helper()
	s.applyIn(hostContext, s.namespace, objects...)
}

// applyIn applies objects, each in JSON, in a namespace of a cluster.
func (s *sandbox) applyIn(kubeContext, namespace string, objects ...string) {
	s.Helper()
	for i, o := range objects {
		s.kubectl(kubeContext, "--namespace="+namespace, "apply", "--filename="+s.write(fmt.Sprintf("object-%d.json", i), o))
	}
}

// TestExternalEtcd uses an etcd of the user's, with TLS.
func TestExternalEtcd(t *testing.T) {
	s := newSandbox(t)
	s.makeNamespace()
	host := "chronicle." + s.namespace + ".svc"
	s.etcdCertificates(host)
	s.apply(`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "chronicle"},
		"spec": {"selector": {"app": "chronicle"}, "ports": [{"port": 2379}]}}`, fmt.Sprintf(`{
		"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "chronicle", "labels": {"app": "chronicle"}},
		"spec": {
			"securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
			"containers": [{"name": "etcd", "image": %q, "command": ["etcd"], "args": [
				"--data-dir=/data", "--listen-client-urls=https://0.0.0.0:2379", "--advertise-client-urls=https://%s:2379",
				"--client-cert-auth", "--trusted-ca-file=/certs/ca.crt", "--cert-file=/certs/server.crt", "--key-file=/certs/server.key"],
				"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
				"volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "certs", "mountPath": "/certs"}]}],
			"volumes": [{"name": "data", "emptyDir": {}}, {"name": "certs", "secret": {"secretName": "chronicle-server"}}]}}`, s.etcdImage(), host))
	s.host("wait", "--for=condition=Ready", "pod/chronicle", "--timeout=2m")

	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort", "--etcd-servers=https://"+host+":2379", "--etcd-tls-secret=chronicle-client")
	s.worksAs("fellowship")
	s.remember("fellowship")
	if left := s.host("get", "statefulsets,persistentvolumeclaims", "--output=name"); left != "" {
		t.Errorf("there is an etcd beside the user's: %s", left)
	}
	s.purge("fellowship")
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort", "--etcd-servers=https://"+host+":2379", "--etcd-tls-secret=chronicle-client")
	s.remembers("fellowship")
	s.purge("fellowship")
}

// etcdImage is the one that the chart would use.
func (s *sandbox) etcdImage() string {
	s.Helper()
	for line := range strings.Lines(s.must("fedhelm", "init", "fellowship", "--dry-run").stdout) {
		if _, image, ok := strings.Cut(line, "image: "); ok && strings.Contains(image, "/etcd:") {
			return strings.Trim(strings.TrimSpace(image), `"`)
		}
	}
	s.Fatal("the chart has no etcd image")
	return ""
}

// etcdCertificates makes the Secrets chronicle-server and chronicle-client.
func (s *sandbox) etcdCertificates(host string) {
	s.Helper()
	g := pki.Generator{}
	ca, err := g.Authority(pkix.Name{CommonName: "chronicle"}, time.Hour)
	if err != nil {
		s.Fatal(err)
	}
	for name, leaf := range map[string]pki.Leaf{
		"server": {CommonName: "chronicle", DNSNames: []string{host}, Usage: pki.Peer},
		"client": {CommonName: "fellowship", Usage: pki.Client},
	} {
		pair, err := g.Leaf(leaf, ca, time.Hour)
		if err != nil {
			s.Fatal(err)
		}
		cert, key := s.write(name+".crt", string(pair.Cert)), s.write(name+".key", string(pair.Key))
		bundle := s.write("ca.crt", string(pki.EncodeBundle([]*x509.Certificate{ca.Cert})))
		if name == "server" {
			s.host("create", "secret", "generic", "chronicle-server", "--from-file=ca.crt="+bundle, "--from-file=server.crt="+cert, "--from-file=server.key="+key)
		} else {
			s.host("create", "secret", "generic", "chronicle-client", "--from-file=ca.crt="+bundle, "--from-file=tls.crt="+cert, "--from-file=tls.key="+key)
		}
	}
}
