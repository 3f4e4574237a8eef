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
// member's health and zones, to follow workloads and endpoints, to bring the definitions of marked kinds along, and to see whether a
// namespace is in use by others. The chart federation-member grants the same.
func MemberRules(kinds []Kind) []rbacv1.PolicyRule {
	rules := append(Rules(kinds),
		rbacv1.PolicyRule{
			APIGroups: []string{"apiextensions.k8s.io"},
			Resources: []string{"customresourcedefinitions"},
			Verbs:     slices.Clone(propagateVerbs),
		},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces", "nodes", "pods"}, Verbs: slices.Clone(observeVerbs)},
		rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: slices.Clone(observeVerbs)},
	)
	for _, c := range contents {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{c.group}, Resources: slices.Clone(c.resources), Verbs: []string{"list"}})
	}
	return append(rules, rbacv1.PolicyRule{
		NonResourceURLs: []string{
			"/healthz", "/livez", "/readyz", "/version",
			"/api", "/api/*", "/apis", "/apis/*", "/openapi/v3", "/openapi/v3/*",
		},
		Verbs: []string{"get"},
	})
}

// contents are what else a namespace can have in it: kinds of Kubernetes that are neither federated nor read for another reason.
var contents = []struct {
	group     string
	resources []string
}{
	{"", []string{
		"endpoints", "events", "limitranges", "persistentvolumeclaims", "podtemplates", "replicationcontrollers", "resourcequotas",
	}},
	{"apps", []string{"controllerrevisions"}},
	{"coordination.k8s.io", []string{"leases"}},
	{"events.k8s.io", []string{"events"}},
	{"rbac.authorization.k8s.io", []string{"roles", "rolebindings"}},
	{"resource.k8s.io", []string{"resourceclaims", "resourceclaimtemplates"}},
	{"storage.k8s.io", []string{"csistoragecapacities"}},
}
