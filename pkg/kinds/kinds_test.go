package kinds_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

var all = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

func TestRules(t *testing.T) {
	tests := []struct {
		name  string
		kinds []kinds.Kind
		want  []rbacv1.PolicyRule
	}{
		{name: "no kinds need no rights"},
		{
			name: "kinds of one group share a rule, in their order",
			kinds: []kinds.Kind{
				{Group: "apps", Resource: "deployments"}, {Resource: "services"}, {Group: "apps", Resource: "daemonsets"},
			},
			want: []rbacv1.PolicyRule{
				{APIGroups: []string{"apps"}, Resources: []string{"deployments", "daemonsets"}, Verbs: all},
				{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: all},
			},
		},
		{
			name:  "a kind named twice is granted once",
			kinds: []kinds.Kind{{Resource: "services"}, {Resource: "services"}},
			want:  []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: all}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, kinds.Rules(tt.kinds)); diff != "" {
				t.Errorf("Rules (-want +got):\n%s", diff)
			}
		})
	}
}

// Least privilege: nothing by wildcard, nothing that would let the federation give itself more.
func TestMemberRulesGrantNoMoreThanTheyMust(t *testing.T) {
	for _, rule := range kinds.MemberRules(kinds.Default()) {
		for _, list := range [][]string{rule.APIGroups, rule.Resources, rule.Verbs} {
			if slices.Contains(list, "*") {
				t.Errorf("a wildcard in %v", rule)
			}
		}
		for _, verb := range []string{"escalate", "bind", "impersonate", "deletecollection"} {
			if slices.Contains(rule.Verbs, verb) {
				t.Errorf("verb %q in %v", verb, rule)
			}
		}
		if slices.Contains(rule.APIGroups, rbacv1.GroupName) && !slices.Equal(rule.Verbs, []string{"list"}) {
			t.Errorf("RBAC objects may be more than listed: %v", rule)
		}
		for _, observed := range []string{"nodes", "pods", "endpointslices"} {
			if slices.Contains(rule.Resources, observed) && !slices.Equal(rule.Verbs, []string{"get", "list", "watch"}) {
				t.Errorf("%s may be more than read: %v", observed, rule.Verbs)
			}
		}
	}
}

// The table is written by hand: Kubernetes' own types say whether the groups and kinds are right.
func TestDefaultKindsExist(t *testing.T) {
	for _, k := range kinds.Default() {
		versions := scheme.Scheme.VersionsForGroupKind(schema.GroupKind{Group: k.Group, Kind: k.Kind})
		if len(versions) == 0 {
			t.Errorf("Kubernetes has no kind %q in group %q", k.Kind, k.Group)
		}
	}
}

func TestDefaultBelongsToTheCaller(t *testing.T) {
	kinds.Default()[0].Resource = "changed"
	if got := kinds.Default()[0].GroupResource(); got != (schema.GroupResource{Resource: "namespaces"}) {
		t.Errorf("the first kind has become %v", got)
	}
}
