//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// older are the test bed's members of older versions of Kubernetes than the federation API, with their versions: "erebor=1.35,lindon=1.34".
const older = "FEDHELM_E2E_OLDER"

func init() {
	for name := range olderMembers() {
		taken[name] = &sync.Mutex{}
	}
}

func olderMembers() map[string]string {
	versions := map[string]string{}
	for member := range strings.SplitSeq(os.Getenv(older), ",") {
		if name, version, ok := strings.Cut(member, "="); ok {
			versions[name] = version
		}
	}
	return versions
}

// newer are fields of a pod template, of which members hold what their versions take.
const newer = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: company}
spec:
  replicas: 4
  selector: {matchLabels: {app: company}}
  template:
    metadata: {labels: {app: company}}
    spec:
      terminationGracePeriodSeconds: 0
      schedulingGroup: {podGroupName: fellowship} # since 1.36, if a feature gate is on
      hostnameOverride: strider                   # since 1.34, by default since 1.35
      containers: [{name: company, image: "docker.io/library/busybox:stable", command: [busybox, sleep, "1000000"]}]
`

// TestOlderMembers has members that are one and two minor versions older than the federation API, beside two of its own version.
func TestOlderMembers(t *testing.T) {
	versions := olderMembers()
	if len(versions) == 0 {
		t.Skip("needs members of older versions of Kubernetes, which take minutes to compile: make test-versions")
	}
	s := newSandbox(t)
	today := []*member{s.member(gondor), s.member(rohan)}
	r := s.realm("ages", "--apiserver-arg-overrides=--feature-gates=GenericWorkload=true,--runtime-config=scheduling.k8s.io/v1alpha2=true")
	r.join(s, today[0], "--labels=environment=production")
	r.join(s, today[1], "--labels=environment=staging")
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		m := s.member(name)
		v, err := m.client.Discovery().ServerVersion()
		if err != nil || v.Major+"."+v.Minor != versions[name] {
			s.Fatalf("%s is of Kubernetes %+v (error %v), want %s", name, v, err, versions[name])
		}
		r.join(s, m, "--labels=environment=production")
	}

	s.step("fedhelm check finds them well", func(s *sandbox) {
		s.eventually(2*time.Minute, "all is well", func() error {
			if said := s.try(time.Minute, "fedhelm", s.here([]string{"check", r.name})...); said.code != 0 {
				return fmt.Errorf("%s", said)
			}
			return nil
		})
	})
	s.step("each kind", func(s *sandbox) { r.beside(s, "kinds", r.everyKind) })
	s.step("no fights", func(s *sandbox) {
		r.beside(s, "peace", func(s *sandbox, namespace string) { r.peace(s, namespace, versions) })
	})
	s.step("fields that not all know", func(s *sandbox) {
		r.beside(s, "newer", func(s *sandbox, namespace string) { r.newerFields(s, namespace, versions) })
	})
	r.end(s)
}

// peace is when nothing is written any more, to whichever version, also after what was changed by hand has been put back.
func (r *realm) peace(s *sandbox, namespace string, versions map[string]string) {
	r.kubectl(s, namespace, "apply", "--filename="+kindsFile())
	r.converges(s, time.Minute, namespace)
	r.settles(s, 2*time.Minute, namespace)
	r.rests(s, namespace)
	for name := range versions {
		r.member(name).patch(s, r.kind("configmaps"), namespace, "settings", `{"data":{"road":"lost"}}`)
		r.member(name).patch(s, r.kind("deployments.apps"), namespace, "web", `{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":20}}}}`)
	}
	r.converges(s, time.Minute, namespace)
	r.settles(s, 2*time.Minute, namespace)
	r.rests(s, namespace)
}

// rests checks that nothing is written, as members count it, and as the federation counts what it asks of them.
func (r *realm) rests(s *sandbox, namespace string) {
	s.Helper()
	r.atRest(s, namespace, true)
	before, copies := r.requests(s), r.generations(s, namespace)
	time.Sleep(quiet)
	if after := r.requests(s); after != before {
		s.Errorf("the federation asked members to write %v times, and %v times %s later", before, after, quiet)
	}
	if after := r.generations(s, namespace); !maps.Equal(copies, after) {
		s.Errorf("the copies' generations were %v, and are %v", copies, after)
	}
}

var writing = regexp.MustCompile(`verb="(apply|patch|delete)"`)

// requests are those of the controller manager to all members that may change something.
func (r *realm) requests(s *sandbox) float64 {
	s.Helper()
	pod := s.host("get", "pods", "--selector=app.kubernetes.io/component=controller-manager", "--field-selector=status.phase=Running", "--output=jsonpath={.items[0].metadata.name}")
	metrics := s.kubectl(hostContext, "get", "--raw=/api/v1/namespaces/"+s.namespace+"/pods/"+pod+":8080/proxy/metrics")
	total, found := 0.0, false
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, "federation_delivery_requests_total{") {
			continue
		}
		if found = true; !writing.MatchString(line) {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndex(line, " ")+1:]), 64)
		if err != nil {
			s.Fatalf("metrics of %s: %q: %v", pod, line, err)
		}
		total += n
	}
	if !found {
		s.Fatalf("%s does not count its requests:\n%s", pod, metrics)
	}
	return total
}

// generations are those of all copies in a namespace.
func (r *realm) generations(s *sandbox, namespace string) map[string]string {
	s.Helper()
	all := map[string]string{}
	for _, h := range r.holdings(s, namespace) {
		all[h.member+" "+string(h.kind.ID())+" "+h.object.GetName()] = fmt.Sprintf("%d of %s", h.object.GetGeneration(), h.object.GetUID())
	}
	return all
}

// newerFields come where they are known and not switched off. Where they are not known the source says so, once.
func (r *realm) newerFields(s *sandbox, namespace string, versions map[string]string) {
	const unknown = "the member does not know: .spec.template.spec.schedulingGroup"
	deployments := r.kind("deployments.apps")
	r.apply(s, namespace, newer)
	want := fmt.Sprintf("synced %[1]d/%[1]d", len(r.joined()))
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		want += "; " + name + ": " + unknown
	}
	said := func() string { return propagation(r.api.get(s, deployments, namespace, "company")) }
	s.eventually(time.Minute, "the source says what members do not know", func() error {
		if got := said(); !strings.Contains(got, `"`+want+`"`) {
			return fmt.Errorf("%s, want %q", got, want)
		}
		return nil
	})
	r.kubectl(s, namespace, "rollout", "status", "deployment/company", "--timeout=90s")
	held := func(s *sandbox) {
		if _, has, _ := unstructured.NestedMap(r.api.get(s, deployments, namespace, "company").Object, "spec", "template", "spec", "schedulingGroup"); !has {
			s.Fatal("the federation API has not kept the field, so that there is nothing to see here")
		}
		for _, name := range r.joined() {
			o := r.member(name).get(s, deployments, namespace, "company")
			if _, has, _ := unstructured.NestedMap(o.Object, "spec", "template", "spec", "schedulingGroup"); has {
				s.Errorf("%s has schedulingGroup, which it does not know, or has switched off", name)
			}
			hostname, _, _ := unstructured.NestedString(o.Object, "spec", "template", "spec", "hostnameOverride")
			if want := map[bool]string{true: "", false: "strider"}[versions[name] == "1.34"]; hostname != want {
				s.Errorf("hostnameOverride in %s is %q, want %q", name, hostname, want)
			}
		}
	}
	held(s)
	s.step("describe", func(s *sandbox) {
		described := s.fedhelm("describe", "deployment/company", "--namespace="+namespace)
		for line := range strings.Lines(described.stdout) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if slices.Contains(r.joined(), name) && (versions[name] != "") != strings.Contains(line, unknown) {
				s.Errorf("of %s it says %q", name, line)
			}
		}
		s.saysAll(described.stdout, append(r.joined(), "Synced", unknown)...)
	})
	r.rests(s, namespace)
	s.step("a restart finds it as it is", func(s *sandbox) {
		source, before := r.api.get(s, deployments, namespace, "company").GetResourceVersion(), r.generations(s, namespace)
		s.host("delete", "pods", "--selector=app.kubernetes.io/component=controller-manager")
		s.ready(r.name)
		r.rests(s, namespace)
		if after := r.generations(s, namespace); !maps.Equal(before, after) {
			s.Errorf("the copies' generations were %v, and are %v", before, after)
		}
		if now := r.api.get(s, deployments, namespace, "company"); now.GetResourceVersion() != source {
			s.Errorf("the source was written to: %s", propagation(now))
		}
	})
	s.step("a change of it arrives", func(s *sandbox) {
		r.api.patch(s, deployments, namespace, "company", `{"spec":{"replicas":8,"template":{"metadata":{"annotations":{"e2e/round":"2"}}}}}`)
		r.kubectl(s, namespace, "rollout", "status", "deployment/company", "--timeout=90s")
		held(s)
		if got := said(); !strings.Contains(got, want) {
			s.Errorf("%s, want %q", got, want)
		}
	})
	r.events(s, namespace)
}

// events of what is unknown there are none: it is no fault, and the source says it.
func (r *realm) events(s *sandbox, namespace string) {
	s.Helper()
	list, err := r.api.client.CoreV1().Events(namespace).List(context.WithoutCancel(s.Context()), metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range list.Items {
		s.Errorf("event of %s: %s: %s", e.InvolvedObject.Name, e.Reason, e.Message)
	}
}
