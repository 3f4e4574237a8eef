package fedhelm_test

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Secrets are named, except where RBAC cannot (create), where nobody knows
// the names (teardown looks for those of members), and where the user wants it so.
func TestRolesNameWhatTheyTouch(t *testing.T) {
	for file, docs := range rendered(t, controlPlane) {
		for _, d := range docs {
			if d.kind != "Role" {
				continue
			}
			var role rbacv1.Role
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(d.object.Object, &role, true); err != nil {
				t.Fatalf("%s: %v", d.id(), err)
			}
			for _, rule := range role.Rules {
				unnamed := len(rule.ResourceNames) == 0
				creates := slices.Equal(rule.Verbs, []string{"create"}) && slices.Equal(rule.Resources, []string{"secrets"})
				looksForMembers := d.name == "fellowship-teardown" && slices.Equal(rule.Verbs, []string{"list"})
				asked := d.name == "fellowship-controller-manager" && file == controlPlane+"/testdata/member-secrets.values.yaml"
				if unnamed && !creates && !looksForMembers && !asked {
					t.Errorf("%s: %s may %v all %v", file, d.id(), rule.Verbs, rule.Resources)
				}
				if slices.Contains(rule.Verbs, "*") || slices.Contains(rule.Resources, "*") {
					t.Errorf("%s: %s has a rule with a wildcard", file, d.id())
				}
			}
		}
	}
}

func TestClusterWideRightsAreForNodePortsOnly(t *testing.T) {
	for file, docs := range rendered(t, controlPlane) {
		for _, d := range docs {
			if d.kind != "ClusterRole" && d.kind != "ClusterRoleBinding" {
				continue
			}
			if file != controlPlane+"/testdata/node-port.values.yaml" {
				t.Errorf("%s: %s", file, d.id())
			}
		}
	}
}
