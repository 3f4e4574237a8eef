package preflight

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const rbac = "rbac.authorization.k8s.io"

// need is what a join asks of one place.
type need struct {
	namespace string // "": the whole cluster
	rights    []right
}

func (o JoinOptions) memberPermissions(ctx context.Context) error {
	wide := []right{
		{group: rbac, resource: "clusterroles", verbs: []string{"get", "create", "patch", "delete", "escalate", "bind"}}, // the federation gets rights that its operator need not have
		{group: rbac, resource: "clusterrolebindings", verbs: []string{"get", "create", "patch", "delete"}},
		{group: "", resource: "nodes", verbs: []string{"list"}},
	}
	_, err := o.Member.Client.CoreV1().Namespaces().Get(ctx, o.Federation.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		wide = append(wide, makeNamespace)
	}
	inside := []right{
		{group: "", resource: "secrets", verbs: []string{"get", "list", "create", "update", "delete"}}, // Helm's record
		{group: "", resource: "serviceaccounts", verbs: []string{"get", "create", "patch", "delete"}},
		{group: "", resource: "serviceaccounts/token", verbs: []string{"create"}},
		{group: rbac, resource: "roles", verbs: []string{"get", "create", "patch", "delete"}},
		{group: rbac, resource: "rolebindings", verbs: []string{"get", "create", "patch", "delete"}},
	}
	needs := []need{{"", wide}, {o.Federation.Namespace, inside}}
	if o.Names {
		needs = append(needs, need{metav1.NamespaceSystem, []right{
			{group: "", resource: "configmaps", verbs: []string{"get", "update"}},
			{group: "", resource: "pods", verbs: []string{"list"}},
			{group: "", resource: "pods/portforward", verbs: []string{"create"}},
		}})
	}
	return o.member().permitted(ctx, fmt.Sprintf("the user of context %q", o.Member.Context), needs)
}

func (o JoinOptions) hostPermissions(ctx context.Context) error {
	return o.host().permitted(ctx, fmt.Sprintf("the user of context %q", o.Host.Context), []need{{o.Federation.Namespace, []right{
		// Those of watch and list are what the Role gives on: nobody may give what he does not have.
		{group: "", resource: "secrets", verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"}},
		{group: rbac, resource: "roles", verbs: []string{"get", "create", "patch", "delete"}},
		{group: rbac, resource: "rolebindings", verbs: []string{"get", "create", "patch", "delete"}},
		{group: "coordination.k8s.io", resource: "leases", verbs: []string{"get", "create", "update", "patch", "delete"}},
	}}})
}

func (o JoinOptions) federationPermissions(ctx context.Context) error {
	api := target{
		client: o.API.Client, server: o.API.Server,
		noun: fmt.Sprintf("the administrator of federation %q, whose kubeconfig is in Secret %q", o.Federation.Name, o.Federation.KubeconfigSecret()),
	}
	return api.permitted(ctx, api.noun, []need{{"", []right{
		{group: "federation.fedhelm.io", resource: "clusters", verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
	}}})
}

// permitted names every right that who does not have.
func (t target) permitted(ctx context.Context, who string, needs []need) error {
	var missing []string
	for _, n := range needs {
		lacks, err := t.missing(ctx, n.namespace, n.rights)
		if err != nil {
			return err
		}
		if len(lacks) == 0 {
			continue
		}
		text := strings.Join(lacks, ", ")
		if n.namespace != "" {
			text += " in namespace " + n.namespace
		}
		missing = append(missing, text)
	}
	if len(missing) == 0 {
		return nil
	}
	wayOut := "ask the administrator for these rights"
	if t.flag != "" {
		wayOut += fmt.Sprintf(", or choose another %s; to see what is allowed: kubectl --context=%s auth can-i --list", t.flag, t.context)
	}
	return &Problem{Reason: fmt.Sprintf("%s may not %s", who, strings.Join(missing, ", ")), WayOut: wayOut}
}
