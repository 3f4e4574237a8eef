//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// What tests say of a source, for the comparison with its copies.
const (
	expectMembers  = "e2e/members"  // names of the members that shall have it, "gondor,rohan"; all, when it is not said; "-": none
	expectReplicas = "e2e/replicas" // how many each shall have, "gondor=6,rohan=3"; "any": the sum does not matter either
)

// divided are the fields of a source of which each member gets a part.
var divided = map[kinds.Divided][][]string{
	kinds.Replicas: {{"spec", "replicas"}},
	kinds.Job:      {{"spec", "parallelism"}, {"spec", "completions"}},
	kinds.Bounds:   {{"spec", "maxReplicas"}, {"spec", "minReplicas"}},
}

// converges waits until members hold what the sources in the namespaces demand, and nothing else of ours.
func (r *realm) converges(s *sandbox, limit time.Duration, namespaces ...string) {
	s.Helper()
	s.eventually(limit, "members hold what the sources in "+strings.Join(namespaces, ", ")+" demand", func() error {
		var errs []error
		for _, namespace := range namespaces {
			errs = append(errs, r.compare(context.WithoutCancel(s.Context()), namespace))
		}
		return errors.Join(errs...)
	})
}

// compare says how what the members hold differs from what the sources in a namespace demand.
func (r *realm) compare(ctx context.Context, namespace string) error {
	var errs []error
	members := r.joined()
	for _, k := range r.kinds {
		all, err := r.api.objects(ctx, k, namespace)
		errs = append(errs, err)
		sources := map[string]*unstructured.Unstructured{}
		for i := range all {
			if o := &all[i]; kinds.Federated(k, o) {
				sources[o.GetName()] = o
			}
		}
		copies := map[string]map[string]*unstructured.Unstructured{}
		for _, member := range members {
			held, err := r.member(member).objects(ctx, k, namespace)
			errs = append(errs, err)
			for i := range held {
				o := &held[i]
				if !r.ours(o) {
					continue
				}
				if sources[o.GetName()] == nil || !demanded(sources[o.GetName()], member) {
					errs = append(errs, fmt.Errorf("%s holds %s %s that no source demands (it is terminating since %v)", member, k.ID(), o.GetName(), o.GetDeletionTimestamp()))
					continue
				}
				if copies[o.GetName()] == nil {
					copies[o.GetName()] = map[string]*unstructured.Unstructured{}
				}
				copies[o.GetName()][member] = o
			}
		}
		for name, source := range sources {
			for _, member := range members {
				if o := copies[name][member]; o != nil {
					errs = append(errs, differs(k, member, source, o))
				} else if demanded(source, member) && k.Divided != kinds.Job && k.Divided != kinds.Bounds { // of which a part may be none
					errs = append(errs, fmt.Errorf("%s lacks %s %s: %s", member, k.ID(), name, propagation(source)))
				}
			}
			errs = append(errs, addsUp(k, source, copies[name]), synced(k, source, len(copies[name])))
		}
	}
	return errors.Join(errs...)
}

func demanded(source *unstructured.Unstructured, member string) bool {
	said := source.GetAnnotations()[expectMembers]
	return said == "" || slices.Contains(strings.Split(said, ","), member)
}

func propagation(source *unstructured.Unstructured) string {
	return fmt.Sprintf("its propagation is %q", source.GetAnnotations()[fedv1beta1.AnnotationPropagation])
}

// synced checks what the source says of its copies.
func synced(k kinds.Kind, source *unstructured.Unstructured, copies int) error {
	if k.Divided == kinds.Job || k.Divided == kinds.Bounds {
		return nil // a member whose part is none may count or not
	}
	got := source.GetAnnotations()[fedv1beta1.AnnotationPropagation]
	if want := fmt.Sprintf("synced %d/%d", copies, copies); got != want && source.GetDeletionTimestamp() == nil {
		return fmt.Errorf("propagation of %s %s is %q, want %q", k.ID(), source.GetName(), got, want)
	}
	return nil
}

// differs says what a copy lacks of its source, or has otherwise.
func differs(k kinds.Kind, member string, source, held *unstructured.Unstructured) error {
	want := wanted(k, source)
	errs := lacks("", want.Object, held.Object)
	annotations := held.GetAnnotations()
	if got := annotations[fedv1beta1.AnnotationSourceUID]; got != string(source.GetUID()) {
		errs = append(errs, fmt.Sprintf("source-uid is %q, want %q", got, source.GetUID()))
	}
	if annotations[fedv1beta1.AnnotationHash] == "" {
		errs = append(errs, "it has no hash")
	}
	if held.GetDeletionTimestamp() != nil {
		errs = append(errs, "it is terminating")
	}
	for _, data := range []string{"data", "binaryData"} { // nobody else adds to these
		if w, h := len(mapAt(source, data)), len(mapAt(held, data)); w != h {
			errs = append(errs, fmt.Sprintf("%s has %d keys, want %d", data, h, w))
		}
	}
	if len(held.GetFinalizers()) > 0 && k.ID() != "jobs.batch" && k.ID() != "services" {
		errs = append(errs, fmt.Sprintf("it has finalizers %v", held.GetFinalizers()))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s %s in %s: %s (%s)", k.ID(), source.GetName(), member, strings.Join(errs, "; "), propagation(source))
}

func mapAt(o *unstructured.Unstructured, field string) map[string]any {
	m, _, _ := unstructured.NestedMap(o.Object, field)
	return m
}

// wanted is what every copy of a source must have.
func wanted(k kinds.Kind, source *unstructured.Unstructured) *unstructured.Unstructured {
	o := source.DeepCopy()
	delete(o.Object, "status")
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	for key := range annotations {
		if strings.Contains(key, "federation.") || strings.HasPrefix(key, "deployment.kubernetes.io/") || key == "kubectl.kubernetes.io/last-applied-configuration" {
			delete(annotations, key)
		}
	}
	for key := range labels {
		if k.ID() == "jobs.batch" && (strings.HasSuffix(key, "controller-uid") || strings.HasSuffix(key, "job-name")) {
			delete(labels, key)
		}
	}
	o.Object["metadata"] = map[string]any{"labels": anyOf(labels), "annotations": anyOf(annotations)}
	for _, path := range divided[k.Divided] {
		unstructured.RemoveNestedField(o.Object, path...)
	}
	drop := map[kinds.ID][]string{
		"namespaces":      {"spec"},
		"services":        {"spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy", "spec.healthCheckNodePort", "spec.internalTrafficPolicy"},
		"jobs.batch":      {"spec.selector", "spec.template.metadata.labels", "spec.ttlSecondsAfterFinished"},
		"serviceaccounts": {"secrets"},
		kinds.CRD:         {"spec.conversion"},
	}
	for _, path := range drop[k.ID()] {
		unstructured.RemoveNestedField(o.Object, strings.Split(path, ".")...)
	}
	if k.ID() == "services" {
		ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
		for _, p := range ports {
			if o.GetAnnotations()["e2e/node-port"] == "" {
				delete(p.(map[string]any), "nodePort")
			}
		}
		_ = unstructured.SetNestedSlice(o.Object, ports, "spec", "ports")
	}
	return o
}

func anyOf(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// lacks says what of want is not in have. Members of maps may be added, and of lists whose elements have names.
func lacks(path string, want, have any) []string {
	switch want := want.(type) {
	case map[string]any:
		held, _ := have.(map[string]any)
		var errs []string
		for key, w := range want {
			errs = append(errs, lacks(path+"."+key, w, held[key])...)
		}
		sort.Strings(errs)
		return errs
	case []any:
		held, _ := have.([]any)
		var errs []string
		for i, w := range want {
			errs = append(errs, lacks(fmt.Sprintf("%s[%d]", path, i), w, counterpart(w, i, held))...)
		}
		if len(held) > len(want) && (len(want) == 0 || nameOf(want[0]) == "") {
			errs = append(errs, fmt.Sprintf("%s has %d elements, want %d", path, len(held), len(want)))
		}
		return errs
	case nil:
		return nil
	default:
		if !reflect.DeepEqual(want, have) {
			return []string{fmt.Sprintf("%s is %v, want %v", path, have, want)}
		}
		return nil
	}
}

// counterpart is the element of the same name, or at the same place when it has none.
func counterpart(want any, i int, held []any) any {
	if name := nameOf(want); name != "" {
		for _, h := range held {
			if nameOf(h) == name {
				return h
			}
		}
		return nil
	}
	if i < len(held) {
		return held[i]
	}
	return nil
}

func nameOf(element any) string {
	m, _ := element.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

// addsUp checks that the parts of what is divided are the whole, and those that the test expects.
func addsUp(k kinds.Kind, source *unstructured.Unstructured, copies map[string]*unstructured.Unstructured) error {
	expected := source.GetAnnotations()[expectReplicas]
	if k.Divided == kinds.Whole || expected == "any" || source.GetAnnotations()[expectMembers] == "-" {
		return nil
	}
	var errs []error
	for i, path := range divided[k.Divided] {
		whole, given, _ := unstructured.NestedInt64(source.Object, path...)
		if !given {
			continue
		}
		var sum int64
		var parts []string
		for member, held := range copies {
			part, _, _ := unstructured.NestedInt64(held.Object, path...)
			sum += part
			parts = append(parts, fmt.Sprintf("%s=%d", member, part))
		}
		slices.Sort(parts)
		got := strings.Join(parts, ",")
		switch {
		case expected != "" && i == 0 && got != expected:
			errs = append(errs, fmt.Errorf("%s of %s %s is divided %s, want %s", strings.Join(path, "."), k.ID(), source.GetName(), got, expected))
		case path[1] == "minReplicas" && sum < whole, path[1] != "minReplicas" && sum != whole: // every member has a minimum of at least 1
			errs = append(errs, fmt.Errorf("%s of %s %s is %d, and its parts are %s", strings.Join(path, "."), k.ID(), source.GetName(), whole, got))
		}
	}
	return errors.Join(errs...)
}
