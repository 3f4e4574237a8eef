//go:build integration

package kinds_test

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

// A kind that may not be listed counts as in use, so that one that is forgotten would keep every namespace.
func TestIntegrationAllThatANamespaceHoldsMayBeListed(t *testing.T) {
	client, err := discovery.NewDiscoveryClientForConfig(apiserver.Start(t).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	lists, err := client.ServerPreferredNamespacedResources()
	if err != nil {
		t.Fatal(err)
	}
	rules := kinds.MemberRules(kinds.Default())
	n := 0
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "delete") {
				continue
			}
			n++
			if !slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
				return slices.Contains(rule.APIGroups, gv.Group) && slices.Contains(rule.Resources, r.Name) && slices.Contains(rule.Verbs, "list")
			}) {
				t.Errorf("%s of group %q may not be listed", r.Name, gv.Group)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d kinds were looked at", n)
	}
}
