package kinds

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

var (
	propagateVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	observeVerbs   = []string{"get", "list", "watch"}
)

// Rules returns what a federation needs to propagate these kinds: one rule for each group, groups and resources in the
// order in which the kinds name them first. They are what a ClusterRole for marked CRDs is made of, too.
func Rules(kinds []Kind) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, k := range kinds {
		i := slices.IndexFunc(rules, func(r rbacv1.PolicyRule) bool { return r.APIGroups[0] == k.Group })
		if i < 0 {
			i = len(rules)
			rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{k.Group}, Verbs: slices.Clone(propagateVerbs)})
		}
		if !slices.Contains(rules[i].Resources, k.Resource) {
			rules[i].Resources = append(rules[i].Resources, k.Resource)
		}
	}
	return rules
}

// MemberRules returns all that a federation may do in a member: Rules for the kinds, and what it takes to watch the
// member's health and zones, to follow workloads and endpoints, and to bring the definitions of marked kinds along. The
// chart federation-member grants the same.
func MemberRules(kinds []Kind) []rbacv1.PolicyRule {
	return append(Rules(kinds),
		rbacv1.PolicyRule{
			APIGroups: []string{"apiextensions.k8s.io"},
			Resources: []string{"customresourcedefinitions"},
			Verbs:     slices.Clone(propagateVerbs),
		},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces", "nodes", "pods"}, Verbs: slices.Clone(observeVerbs)},
		rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: slices.Clone(observeVerbs)},
		rbacv1.PolicyRule{
			NonResourceURLs: []string{
				"/healthz", "/livez", "/readyz", "/version",
				"/api", "/api/*", "/apis", "/apis/*", "/openapi/v3", "/openapi/v3/*",
			},
			Verbs: []string{"get"},
		},
	)
}
