//go:build integration

package admission_test

import (
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/admission"
)

// testRole writes the ClusterRole as the controller manager.
func testRole(t *testing.T, f *federation) {
	t.Helper()
	roles := kubernetes.NewForConfigOrDie(f.server.Config(t, "federation-controller-manager")).RbacV1().ClusterRoles()
	apply := func(name string, rules ...*rbacv1ac.PolicyRuleApplyConfiguration) error {
		_, err := roles.Apply(t.Context(), rbacv1ac.ClusterRole(name).WithRules(rules...), metav1.ApplyOptions{FieldManager: "test", Force: true})
		return err
	}
	rule := func(group, resource string, verbs ...string) *rbacv1ac.PolicyRuleApplyConfiguration {
		return rbacv1ac.PolicyRule().WithAPIGroups(group).WithResources(resource).WithVerbs(verbs...)
	}
	tests := []struct {
		name, role string
		rule       *rbacv1ac.PolicyRuleApplyConfiguration
		refused    string // part of the message; "" for what is granted
	}{
		{"custom kinds are read and patched", admission.CustomKindsRole, rule("middle.earth", "rings", "get", "list", "watch", "patch"), ""},
		{"nothing at all", admission.CustomKindsRole, nil, ""},
		{"custom kinds of a group below Kubernetes' own domain", admission.CustomKindsRole, rule("gateway.networking.k8s.io", "httproutes", "patch"), ""},
		{"nothing is made", admission.CustomKindsRole, rule("middle.earth", "rings", "create"), "get, list, watch and patch"},
		{"nothing by wildcard", admission.CustomKindsRole, rule("*", "rings", "get"), "custom kinds alone"},
		{"not all kinds of a group", admission.CustomKindsRole, rule("middle.earth", "*", "get"), "names each kind"},
		{"no subresources", admission.CustomKindsRole, rule("middle.earth", "rings/status", "patch"), "names each kind"},
		{"no rights to change rights", admission.CustomKindsRole, rule("rbac.authorization.k8s.io", "clusterrolebindings", "patch"), "custom kinds alone"},
		{"no kinds of Kubernetes", admission.CustomKindsRole, rule("", "pods", "get"), "custom kinds alone"},
		{"no paths", admission.CustomKindsRole, rbacv1ac.PolicyRule().WithNonResourceURLs("/debug/*").WithVerbs("get"), "custom kinds alone"},
		{"no other role", "federation:more-kinds", rule("middle.earth", "rings", "get"), "cannot patch resource"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules := []*rbacv1ac.PolicyRuleApplyConfiguration{tt.rule}
			if tt.rule == nil {
				rules = nil
			}
			err := apply(tt.role, rules...)
			switch {
			case tt.refused == "" && err != nil:
				t.Error(err)
			case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
				t.Errorf("error %v, want one with %q", err, tt.refused)
			}
		})
	}
	t.Run("no groups of Kubernetes are for custom kinds", func(t *testing.T) {
		groups, err := kubernetes.NewForConfigOrDie(f.server.Admin(t)).Discovery().ServerGroups()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range groups.Groups {
			if strings.Contains(g.Name, ".") && g.Name != ring.Group {
				n++
				if !admission.Reserved(g.Name) {
					t.Errorf("group %q is not reserved", g.Name)
				}
			}
		}
		if n < 10 {
			t.Errorf("only %d groups were looked at", n)
		}
	})
	t.Run("the role is not removed by who may write it", func(t *testing.T) {
		if err := roles.Delete(t.Context(), admission.CustomKindsRole, metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
			t.Errorf("Delete = %v", err)
		}
		role, err := kubernetes.NewForConfigOrDie(f.server.Admin(t)).RbacV1().ClusterRoles().Get(t.Context(), admission.CustomKindsRole, metav1.GetOptions{})
		if err != nil || len(role.Rules) != 1 || !slices.Equal(role.Rules[0].APIGroups, []string{"gateway.networking.k8s.io"}) {
			t.Errorf("it is %+v, %v", role, err)
		}
	})
}
