//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// changes are what a user changes of each kind, as merge patches.
var changes = map[kinds.ID]string{
	"namespaces":                           `{}`,
	"configmaps":                           `{"data":{"road":"west","inn":null,"river":"bruinen"}}`,
	"secrets":                              `{"stringData":{"speak":"friend"}}`,
	"serviceaccounts":                      `{"automountServiceAccountToken":false}`,
	"services":                             `{"spec":{"ports":[{"name":"http","port":81,"targetPort":8081}]}}`,
	"deployments.apps":                     `{"spec":{"template":{"metadata":{"annotations":{"e2e/round":"2"}}}}}`,
	"replicasets.apps":                     `{"spec":{"replicas":5}}`,
	"statefulsets.apps":                    `{"spec":{"replicas":2,"template":{"metadata":{"annotations":{"e2e/round":"2"}}}}}`,
	"daemonsets.apps":                      `{"spec":{"template":{"metadata":{"annotations":{"e2e/round":"2"}}}}}`,
	"jobs.batch":                           `{"spec":{"activeDeadlineSeconds":600}}`,
	"cronjobs.batch":                       `{"spec":{"schedule":"30 6 * * *"}}`,
	"horizontalpodautoscalers.autoscaling": `{"spec":{"maxReplicas":10}}`,
	"ingresses.networking.k8s.io":          `{"spec":{"ingressClassName":"gate"}}`,
	"networkpolicies.networking.k8s.io":    `{"spec":{"policyTypes":["Ingress","Egress"]}}`,
	"poddisruptionbudgets.policy":          `{"spec":{"minAvailable":2}}`,
}

// everyKind makes an object of each kind, changes it, deletes it, and makes it again and orphans its copies.
func (r *realm) everyKind(s *sandbox, namespace string) {
	s.step("create", func(s *sandbox) {
		r.kubectl(s, namespace, "apply", "--filename="+kindsFile())
		r.converges(s, time.Minute, namespace)
		r.settles(s, time.Minute, namespace)
		r.everyKindIsThere(s, namespace)
		r.says(s, namespace, "job/errand", "condition=Complete")
	})
	s.step("a second apply changes nothing", func(s *sandbox) {
		said := r.kubectl(s, namespace, "apply", "--filename="+kindsFile())
		for line := range strings.Lines(said) {
			if !strings.Contains(line, "unchanged") && !strings.Contains(line, "secret/word configured") && !strings.Contains(line, "poddisruptionbudget") { // as in a cluster of its own
				s.Errorf("kubectl apply said %q", strings.TrimSpace(line))
			}
		}
	})
	s.step("update", func(s *sandbox) {
		for id, patch := range changes {
			k := r.kind(id)
			for _, name := range r.names(s, k, namespace) {
				r.api.patch(s, k, namespace, name, `{"metadata":{"labels":{"round":"2"},"annotations":{"example.com/of":null}}}`)
				r.api.patch(s, k, namespace, name, patch)
			}
		}
		r.converges(s, time.Minute, namespace)
		r.settles(s, 2*time.Minute, namespace)
	})
	s.step("describe", func(s *sandbox) {
		described := s.fedhelm("describe", "deployment/web", "--namespace="+namespace)
		s.saysAll(described.stdout, gondor, rohan, string("Synced"))
		s.saysAll(s.fedhelm("describe", "configmap/settings", "--namespace="+namespace).stdout, gondor, rohan)
	})
	s.step("a selector moves every kind", func(s *sandbox) {
		for id := range changes {
			if id == "namespaces" {
				continue
			}
			k := r.kind(id)
			for _, name := range r.names(s, k, namespace) {
				r.api.patch(s, k, namespace, name, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q,%q:%q}}}`,
					fedv1beta1.AnnotationV1ClusterSelector, `[{"key":"environment","operator":"In","values":["staging"]}]`, expectMembers, rohan))
			}
			if k.ID() == "jobs.batch" { // what was completed elsewhere is not done again
				r.api.patch(s, k, namespace, "errand", fmt.Sprintf(`{"metadata":{"annotations":{%q:"any"}}}`, expectReplicas))
			}
		}
		r.converges(s, time.Minute, namespace)
		r.settles(s, time.Minute, namespace)
	})
	s.step("delete", func(s *sandbox) {
		s.must("kubectl", "--context="+r.name, "--namespace="+namespace, "delete", "--filename="+kindsFile(), "--timeout=90s")
		// Once kubectl has returned, nothing is left to wait for.
		if err := r.compare(s.Context(), namespace); err != nil {
			s.Errorf("after kubectl delete: %v", err)
		}
	})
	s.step("orphan", func(s *sandbox) {
		r.kubectl(s, namespace, "apply", "--filename="+kindsFile())
		r.converges(s, time.Minute, namespace)
		r.settles(s, time.Minute, namespace)
		held := r.holdings(s, namespace)
		s.must("kubectl", "--context="+r.name, "--namespace="+namespace, "delete", "--filename="+kindsFile(), "--cascade=orphan", "--timeout=90s")
		r.orphaned(s, held)
	})
	s.step("a namespace with orphans in it stays", func(s *sandbox) {
		s.must("kubectl", "--context="+r.name, "delete", "namespace", namespace, "--timeout=90s")
		for _, member := range r.joined() {
			ns := r.member(member).get(s, r.kind("namespaces"), "", namespace)
			if ns == nil {
				s.Fatalf("the namespace went from %s with what was orphaned in it", member)
			}
			if ns.GetDeletionTimestamp() != nil || r.ours(ns) {
				s.Errorf("the namespace in %s is still ours, or terminating: %v", member, ns.Object["metadata"])
			}
			if r.member(member).get(s, r.kind("configmaps"), namespace, "settings") == nil {
				s.Errorf("the orphan in %s is gone", member)
			}
			s.deleteNamespaceIn(r.member(member).cluster, namespace)
		}
	})
}

// everyKindIsThere guards the test: a kind without an object in it would not be tested.
func (r *realm) everyKindIsThere(s *sandbox, namespace string) {
	s.Helper()
	for _, k := range kinds.Default() {
		if len(r.names(s, k, namespace)) == 0 {
			s.Errorf("there is no %s in %s", k.ID(), kindsFile())
		}
		if changes[k.ID()] == "" {
			s.Errorf("the tests do not say what is changed of %s", k.ID())
		}
	}
}

// names are those of the sources of a kind.
func (r *realm) names(s *sandbox, k kinds.Kind, namespace string) []string {
	s.Helper()
	all, err := r.api.objects(context.WithoutCancel(s.Context()), k, namespace)
	if err != nil {
		s.Fatal(err)
	}
	var names []string
	for i := range all {
		if kinds.Federated(k, &all[i]) {
			names = append(names, all[i].GetName())
		}
	}
	return names
}

// says waits for a condition, with kubectl.
func (r *realm) says(s *sandbox, namespace, object, condition string) {
	s.Helper()
	r.kubectl(s, namespace, "wait", object, "--for="+condition, "--timeout=90s")
}

// saysAll checks that all parts are in a text.
func (s *sandbox) saysAll(text string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

// holding is a copy as it was.
type holding struct {
	member string
	kind   kinds.Kind
	object unstructured.Unstructured
}

// holdings are all copies in a namespace but the namespace itself.
func (r *realm) holdings(s *sandbox, namespace string) []holding {
	s.Helper()
	var all []holding
	for _, member := range r.joined() {
		for _, k := range r.kinds {
			if k.ID() == "namespaces" {
				continue
			}
			held, err := r.member(member).objects(context.WithoutCancel(s.Context()), k, namespace)
			if err != nil {
				s.Fatal(err)
			}
			for _, o := range held {
				if r.ours(&o) {
					all = append(all, holding{member, k, o})
				}
			}
		}
	}
	return all
}

// orphaned checks that copies are what they were, but nobody's.
func (r *realm) orphaned(s *sandbox, held []holding) {
	s.Helper()
	s.eventually(30*time.Second, "the copies are nobody's", func() error {
		var errs []error
		for _, h := range held {
			what := fmt.Sprintf("%s %s in %s", h.kind.ID(), h.object.GetName(), h.member)
			now := r.member(h.member).get(s, h.kind, h.object.GetNamespace(), h.object.GetName())
			if now == nil || now.GetUID() != h.object.GetUID() || now.GetDeletionTimestamp() != nil {
				errs = append(errs, fmt.Errorf("%s is gone", what))
				continue
			}
			for key := range now.GetLabels() {
				if strings.HasPrefix(key, fedv1beta1.GroupName) {
					errs = append(errs, fmt.Errorf("%s still has label %s", what, key))
				}
			}
			for key := range now.GetAnnotations() {
				if strings.HasPrefix(key, fedv1beta1.GroupName) {
					errs = append(errs, fmt.Errorf("%s still has annotation %s", what, key))
				}
			}
			for _, field := range []string{"spec", "data", "binaryData", "type", "automountServiceAccountToken"} {
				for _, lost := range lacks(field, h.object.Object[field], now.Object[field]) {
					errs = append(errs, fmt.Errorf("%s: %s", what, lost))
				}
			}
		}
		return errors.Join(errs...)
	})
}

// claims: what is in a volume is not thrown away with the object that asked for it.
func (r *realm) claims(s *sandbox, namespace string) {
	r.apply(s, namespace, statefulSet("archive", 2))
	r.kubectl(s, namespace, "rollout", "status", "statefulset/archive", "--timeout=90s")
	r.converges(s, time.Minute, namespace)
	r.kubectl(s, namespace, "delete", "statefulset", "archive", "--timeout=90s")
	s.must("kubectl", "--context="+r.name, "delete", "namespace", namespace, "--timeout=90s")
	for _, member := range r.joined() {
		claims := s.kubectl(member, "--namespace="+namespace, "get", "persistentvolumeclaims", "--output=name")
		if claims != "persistentvolumeclaim/data-archive-0" {
			s.Errorf("in %s the claims are %q, want that of the one replica there", member, claims)
		}
		s.deleteNamespaceIn(r.member(member).cluster, namespace)
	}
}

func statefulSet(name string, replicas int) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: %[1]s}
spec:
  replicas: %[2]d
  serviceName: %[1]s
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: %[1]s
          image: docker.io/library/busybox:stable
          command: [busybox, sleep, "1000000"]
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Mi}}
`, name, replicas)
}
