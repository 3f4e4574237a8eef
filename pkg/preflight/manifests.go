package preflight

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// demand is what somebody has to be allowed to bring a release about, in one place.
type demand struct {
	makes []right // the objects themselves
	gives []right // what their Roles give: nobody may give what he does not have
}

// demands reads what a release is made of and returns what has to be allowed in its namespace, and what in the whole cluster.
func demands(manifests string) (inside, wide demand, err error) {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096)
	for {
		var o unstructured.Unstructured
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return inside, wide, nil
		}
		if err != nil {
			return inside, wide, fmt.Errorf("read what would be installed: %w", err)
		}
		event, hook := o.GetAnnotations()["helm.sh/hook"]
		if o.GetKind() == "" || hook && !strings.Contains(event, "install") {
			continue // a comment, or what only a test or an uninstall makes
		}
		at := &inside
		if o.GetNamespace() == "" {
			at = &wide
		}
		at.add(o, hook)
	}
}

func (d *demand) add(o unstructured.Unstructured, hook bool) {
	resource, _ := apimeta.UnsafeGuessKindToResource(o.GroupVersionKind())
	verbs := []string{"get", "create", "delete"}
	switch {
	case !hook:
		verbs = append(verbs, "patch")
	case o.GetKind() == "Job":
		verbs = append(verbs, "list", "watch")
	}
	d.makes = merged(d.makes, right{group: resource.Group, resource: resource.Resource, verbs: verbs})
	var role rbacv1.ClusterRole // a Role has the same rules, a binding none
	if resource.Group != rbac || runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role) != nil {
		return
	}
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				d.gives = merged(d.gives, right{group: group, resource: resource, verbs: rule.Verbs, names: rule.ResourceNames})
			}
		}
	}
}

// verbOrder is how verbs are told.
var verbOrder = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

// merged adds a right to others, as one with those to the same objects. They are sorted.
func merged(rights []right, add right) []right {
	i := slices.IndexFunc(rights, func(r right) bool {
		return r.group == add.group && r.resource == add.resource && slices.Equal(r.names, add.names)
	})
	if i < 0 {
		i, rights = len(rights), append(rights, right{group: add.group, resource: add.resource, names: add.names})
	}
	verbs := slices.Concat(rights[i].verbs, add.verbs)
	slices.SortFunc(verbs, func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(verbOrder, a), slices.Index(verbOrder, b)), cmp.Compare(a, b))
	})
	rights[i].verbs = slices.Compact(verbs)
	slices.SortStableFunc(rights, func(a, b right) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.resource, b.resource))
	})
	return rights
}

// beyond is what of some rights others do not have already.
func beyond(rights, others []right) []right {
	var more []right
	for _, r := range rights {
		r.verbs = slices.DeleteFunc(slices.Clone(r.verbs), func(verb string) bool {
			return slices.ContainsFunc(others, func(o right) bool {
				return o.group == r.group && o.resource == r.resource && slices.Contains(o.verbs, verb)
			})
		})
		if len(r.verbs) > 0 {
			more = append(more, r)
		}
	}
	return more
}
