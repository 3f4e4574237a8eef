package admission

import (
	"cmp"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// KindsOf returns the kinds that a federation API has been prepared for, by its policy.
func KindsOf(policy *admissionv1.MutatingAdmissionPolicy) []kinds.Kind {
	return slices.DeleteFunc(kinds.Default(), func(k kinds.Kind) bool {
		return policy.Spec.MatchConstraints == nil || !slices.ContainsFunc(policy.Spec.MatchConstraints.ResourceRules, func(r admissionv1.NamedRuleWithOperations) bool {
			return slices.Contains(r.APIGroups, k.Group) && slices.Contains(r.Resources, k.Resource)
		})
	})
}

// CustomKindsOf returns the custom kinds that the data of the ConfigMap CustomKinds names, by group and resource.
func CustomKindsOf(data map[string]string) []kinds.Kind {
	custom := make([]kinds.Kind, 0, len(data))
	for id := range data {
		resource, group, _ := strings.Cut(id, ".")
		custom = append(custom, kinds.Kind{Group: group, Resource: resource})
	}
	slices.SortFunc(custom, func(a, b kinds.Kind) int { return cmp.Compare(a.ID(), b.ID()) })
	return custom
}
