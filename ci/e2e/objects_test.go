//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// realm is a federation with members, in which tests make objects: each test, or part of one, in namespaces of its own.
type realm struct {
	name  string // of its context
	api   *cluster
	uid   types.UID
	kinds []kinds.Kind

	mu      sync.Mutex
	members map[string]*member // by their names in the federation
}

// realm sets a federation up. Members are joined by and by; who is left at the end of the test is taken out, and must be as before.
func (s *sandbox) realm(name string, flags ...string) *realm {
	s.Helper()
	s.federation(name, flags...)
	api, err := connect(s.kubeconfig, name)
	if err != nil {
		s.Fatal(err)
	}
	system, err := api.client.CoreV1().Namespaces().Get(s.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if s.Failed() {
			logs := s.try(time.Minute, "kubectl", "--context="+hostContext, "--namespace="+s.namespace, "logs", "--selector=app.kubernetes.io/component=controller-manager", "--container=controller-manager", "--tail=60")
			s.Logf("what the controller manager said last:\n%s", logs)
			// It would make anew what is swept up.
			s.try(time.Minute, "kubectl", "--context="+hostContext, "--namespace="+s.namespace, "delete", "deployment", name+"-controller-manager", "--ignore-not-found", "--cascade=foreground")
		}
	})
	return &realm{name: name, api: api, uid: system.UID, kinds: kinds.Default(), members: map[string]*member{}}
}

// join makes a cluster that the test has for itself a member.
func (r *realm) join(s *sandbox, m *member, flags ...string) {
	s.Helper()
	s.fedhelm(append([]string{"join", m.context}, flags...)...)
	s.joined(r.name, m.context)
	s.create(m.context, strings.NewReplacer("NAME", listsAll(s), "LABEL", fedv1beta1.LabelAggregateToMember, "FEDERATION", s.namespace+"."+r.name).Replace(listAll))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[m.context] = m
}

// listAll lets the federation see all that is in a namespace, which it must before it deletes one: in the test bed others may have kinds of
// their own, that it may not list by itself.
const listAll = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME, labels: {LABEL: FEDERATION}}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: [list]}]
`

func listsAll(s *sandbox) string { return s.namespace + "-lists-all" }

// part takes a member out.
func (r *realm) part(s *sandbox, name string, flags ...string) {
	s.Helper()
	r.mu.Lock()
	delete(r.members, name)
	r.mu.Unlock()
	s.kubectl(name, "delete", "clusterrole", listsAll(s))
	s.fedhelm(append([]string{"unjoin", name}, flags...)...)
}

// end takes the members and then the federation away.
func (r *realm) end(s *sandbox) {
	s.Helper()
	for _, name := range r.joined() {
		r.part(s, name)
	}
	s.purge(r.name)
}

// joined are the names of the members.
func (r *realm) joined() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.members))
}

func (r *realm) member(name string) *member {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.members[name]
}

// beside runs a part of the test beside others, with a federated namespace of its own, which it finds empty and leaves empty: its end
// must take the namespace out of all members, unless the part did so.
func (r *realm) beside(s *sandbox, name string, part func(s *sandbox, namespace string)) {
	s.Run(name, func(t *testing.T) {
		t.Parallel()
		parts.take(t)
		own := *s
		own.T = t
		namespace := s.namespace + "-" + strings.ReplaceAll(strings.ToLower(name), " ", "-")
		own.kubectl(r.name, "create", "namespace", namespace)
		part(&own, namespace)
		r.clear(&own, namespace)
	})
}

// clear deletes a namespace of the federation, which must take it out of all members.
func (r *realm) clear(s *sandbox, namespace string) {
	s.Helper()
	s.kubectl(r.name, "delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s", "--request-timeout=0")
	s.eventually(time.Minute, "namespace "+namespace+" is gone from all members", func() error {
		var errs []error
		for _, name := range r.joined() {
			if _, err := r.member(name).client.CoreV1().Namespaces().Get(context.WithoutCancel(s.Context()), namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				errs = append(errs, fmt.Errorf("it is in %s (error %w)", name, err))
			}
		}
		return errors.Join(errs...)
	})
}

// kubectl runs it in a namespace of the federation. It has to succeed.
func (r *realm) kubectl(s *sandbox, namespace string, args ...string) string {
	s.Helper()
	return strings.TrimSpace(s.must("kubectl", append([]string{"--context=" + r.name, "--namespace=" + namespace}, args...)...).stdout)
}

// apply applies objects, in YAML, in a namespace of the federation.
func (r *realm) apply(s *sandbox, namespace, objects string) {
	s.Helper()
	cmd := s.command(s.Context(), "kubectl", "--context="+r.name, "--namespace="+namespace, "apply", "--filename=-")
	cmd.Stdin = strings.NewReader(objects)
	if result := s.finish(cmd); result.code != 0 {
		s.Fatal(result)
	}
}

// kind is the one that ID names.
func (r *realm) kind(id kinds.ID) kinds.Kind {
	for _, k := range r.kinds {
		if k.ID() == id {
			return k
		}
	}
	panic(fmt.Sprintf("the tests know no kind %q", id))
}

// objects are those of a kind in a namespace of a cluster. The namespace is the one object of its kind in it.
func (c *cluster) objects(ctx context.Context, k kinds.Kind, namespace string) ([]unstructured.Unstructured, error) {
	options := metav1.ListOptions{}
	if k.ID() == "namespaces" {
		options.FieldSelector = "metadata.name=" + namespace
	}
	list, err := c.of(k, namespace).List(ctx, options)
	if apierrors.IsNotFound(err) {
		return nil, nil // the kind is not known there
	}
	if err != nil {
		return nil, fmt.Errorf("list %s of %s: %w", k.ID(), c.context, err)
	}
	return list.Items, nil
}

// of is a client for a kind, in a namespace if it has namespaces.
func (c *cluster) of(k kinds.Kind, namespace string) dynamic.ResourceInterface {
	if k.Namespaced {
		return c.dynamic.Resource(k.GroupVersionResource()).Namespace(namespace)
	}
	return c.dynamic.Resource(k.GroupVersionResource())
}

// get is an object, or nil when there is none.
func (c *cluster) get(s *sandbox, k kinds.Kind, namespace, name string) *unstructured.Unstructured {
	s.Helper()
	o, err := c.of(k, namespace).Get(context.WithoutCancel(s.Context()), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.Fatalf("get %s %s/%s of %s: %v", k.ID(), namespace, name, c.context, err)
	}
	return o
}

// patch changes an object as kubectl patch --type=merge does.
func (c *cluster) patch(s *sandbox, k kinds.Kind, namespace, name, patch string) {
	s.Helper()
	if _, err := c.of(k, namespace).Patch(context.WithoutCancel(s.Context()), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "e2e"}); err != nil {
		s.Fatalf("patch %s %s/%s of %s: %v", k.ID(), namespace, name, c.context, err)
	}
}

// ours tells a copy that this federation made.
func (r *realm) ours(o *unstructured.Unstructured) bool {
	return o.GetLabels()[fedv1beta1.LabelPropagatedBy] == r.name && o.GetAnnotations()[fedv1beta1.AnnotationFederationUID] == string(r.uid)
}

// kindsFile has an object of every kind.
func kindsFile() string { return filepath.Join(bed.root, "ci", "e2e", "testdata", "kinds.yaml") }
