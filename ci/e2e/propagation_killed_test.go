//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// kills is how often the leader is killed.
const kills = 20

// TestPropagationKilled kills the controller manager that leads, again and again, while users make, change and delete objects. In the end
// members hold exactly what the sources demand.
func TestPropagationKilled(t *testing.T) {
	isLong(t)
	s := newSandbox(t)
	first, second := s.member(rohan), s.member(arnor)
	r := s.realm("quest", "--set=controlPlane.controllerManager.replicas=2",
		"--controllermanager-arg-overrides=--leader-elect-lease-duration=4s,--leader-elect-renew-deadline=3s,--leader-elect-retry-period=500ms")
	r.join(s, first)
	r.join(s, second)
	namespaces := []string{s.namespace + "-one", s.namespace + "-two", s.namespace + "-three"}
	for _, namespace := range namespaces {
		s.kubectl(r.name, "create", "namespace", namespace)
	}
	r.converges(s, time.Minute, namespaces...)
	for _, member := range r.joined() {
		s.create(member, strangers, "--namespace="+namespaces[0])
	}
	before := map[string]listing{rohan: r.strangers(s, rohan), arnor: r.strangers(s, arnor)}

	ctx, stop := context.WithCancel(s.Context())
	defer stop()
	load := &load{realm: r, namespaces: namespaces[:2], random: rand.New(rand.NewPCG(1, 2))}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		load.run(ctx)
	}()
	var longest time.Duration
	for range kills {
		time.Sleep(rand.N(3 * time.Second))
		longest = max(longest, r.killLeader(s))
	}
	time.Sleep(2 * time.Second)
	stop()
	<-ended
	s.Logf("%s; it took another manager up to %s to lead", load, longest.Round(100*time.Millisecond))
	if load.created < 50 || load.updated < 50 || load.deleted < 50 {
		s.Errorf("that is not enough of a load: %s", load)
	}
	if load.failed != nil {
		s.Errorf("the federation API refused a user: %v", load.failed)
	}
	r.converges(s, 2*time.Minute, namespaces...)
	r.settles(s, 2*time.Minute, namespaces[0])
	r.settles(s, 2*time.Minute, namespaces[1])
	for member, was := range before {
		if err := unchanged(was, r.strangers(s, member)); err != nil {
			s.Errorf("what is not the federation's in %s was touched:\n%v", member, err)
		}
	}
	r.owed(s, rohan, false)
	r.owed(s, arnor, false)
	r.atRest(s, namespaces[0], true)

	s.step("a leader that goes in peace is followed at once", func(s *sandbox) {
		name := r.leader(s)
		s.host("delete", "pod", name, "--wait=false")
		begin := time.Now()
		r.kubectl(s, namespaces[2], "create", "configmap", "late", "--from-literal=a=b")
		r.converges(s, 20*time.Second, namespaces[2])
		s.Logf("an object was in all members %s after the leader had been told to go", time.Since(begin).Round(100*time.Millisecond))
	})
	for _, member := range r.joined() {
		s.kubectl(member, "--namespace="+namespaces[0], "delete", "configmap,deployment", "--selector=whose=theirs")
	}
	for _, namespace := range namespaces {
		r.clear(s, namespace)
	}
	r.end(s)
}

// strangers are nobody's objects in a federated namespace of a member.
const strangers = `
{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs, labels: {whose: theirs}}, data: {a: b}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: theirs, labels: {whose: theirs}}
spec:
  replicas: 1
  selector: {matchLabels: {app: theirs}}
  template:
    metadata: {labels: {app: theirs}}
    spec: {containers: [{name: main, image: "docker.io/library/busybox:stable"}]}
`

// strangers lists what in a member is of the test, but neither the federation's nor derived from that.
func (r *realm) strangers(s *sandbox, member string) listing {
	s.Helper()
	all := r.member(member).list(s)
	for o := range all {
		if _, name, _ := strings.Cut(o, "/"); !strings.HasPrefix(name, "theirs") {
			delete(all, o)
		}
	}
	if len(all) == 0 {
		s.Fatalf("nothing in %s is theirs", member)
	}
	return all
}

// leader is the pod of the controller manager that leads.
func (r *realm) leader(s *sandbox) string {
	s.Helper()
	lease, err := r.api.client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(s.Context(), "federation-controller-manager", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	pod, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return pod
}

// killLeader kills the manager that leads with SIGKILL, and waits until another one leads. The pod is then taken away, for the kubelet
// would wait ever longer until it starts it again.
func (r *realm) killLeader(s *sandbox) time.Duration {
	s.Helper()
	var name string
	s.eventually(time.Minute, "there is a leader to kill", func() error { // one that has lost its Lease may have ended by itself
		name = r.leader(s)
		pod, err := bed.host.client.CoreV1().Pods(s.namespace).Get(s.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		return killProcess(pod.UID, "federation-controller-manager")
	})
	begin := time.Now()
	s.host("delete", "pod", name, "--grace-period=0", "--force", "--wait=false")
	s.eventually(30*time.Second, "another manager leads than "+name, func() error {
		if now := r.leader(s); now == "" || now == name {
			return fmt.Errorf("it is %q", now)
		}
		return nil
	})
	return time.Since(begin)
}

// killProcess kills a program that runs in a pod of the host cluster's node, which is this machine.
func killProcess(pod types.UID, program string) error {
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	for _, path := range all {
		line, err := os.ReadFile(path)
		if command, _, _ := bytes.Cut(line, []byte{0}); err != nil || filepath.Base(string(command)) != program {
			continue
		}
		cgroup, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cgroup"))
		if err != nil || !strings.Contains(string(cgroup), string(pod)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		return errors.Join(err, syscall.Kill(pid, syscall.SIGKILL))
	}
	return fmt.Errorf("there is no process %s in pod %s", program, pod)
}

// load is users at work: they make, change and delete objects of some kinds.
type load struct {
	*realm
	namespaces                []string
	random                    *rand.Rand
	created, updated, deleted int
	failed                    error
}

func (l *load) String() string {
	return fmt.Sprintf("%d objects were created, %d changed, %d deleted", l.created, l.updated, l.deleted)
}

// models are what is made; NAME and ROUND are filled in.
var models = map[kinds.ID]string{
	"configmaps": `{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}, data: {round: "ROUND"}}`,
	"secrets":    `{apiVersion: v1, kind: Secret, metadata: {name: NAME}, data: {round: "Uk9VTkQ="}}`,
	"services":   `{apiVersion: v1, kind: Service, metadata: {name: NAME, labels: {round: "ROUND"}}, spec: {selector: {app: NAME}, ports: [{port: 80}]}}`,
	"deployments.apps": `{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME, labels: {round: "ROUND"}}, spec: {replicas: 2, selector: {matchLabels: {app: NAME}},
  template: {metadata: {labels: {app: NAME}}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "docker.io/library/busybox:stable"}]}}}}`,
}

// run works until ctx ends, some ten times a second.
func (l *load) run(ctx context.Context) {
	ids := []kinds.ID{"configmaps", "secrets", "services", "deployments.apps"}
	for round := 0; ctx.Err() == nil; round++ {
		k := l.kind(ids[l.random.IntN(len(ids))])
		namespace, name := l.namespaces[l.random.IntN(len(l.namespaces))], fmt.Sprintf("object-%d", l.random.IntN(15))
		err := l.step(ctx, k, namespace, name, round)
		if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil && l.failed == nil { // an object may go between a look and a change
			l.failed = fmt.Errorf("%s %s/%s: %w", k.ID(), namespace, name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *load) step(ctx context.Context, k kinds.Kind, namespace, name string, round int) error {
	client := l.api.of(k, namespace)
	o, err := client.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(strings.NewReplacer("NAME", name, "ROUND", strconv.Itoa(round)).Replace(models[k.ID()])), &o.Object); err != nil {
			return err
		}
		l.created++
		_, err := client.Create(ctx, o, metav1.CreateOptions{})
		return err
	case err != nil:
		return err
	case o.GetDeletionTimestamp() != nil:
		return nil
	case l.random.IntN(3) == 0:
		l.deleted++
		return client.Delete(ctx, name, metav1.DeleteOptions{})
	default:
		l.updated++
		_, err := client.Patch(ctx, name, types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{"round":"%d"}}}`, round), metav1.PatchOptions{})
		return err
	}
}
