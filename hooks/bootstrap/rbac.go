package bootstrap

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/admission"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	controllerManager = "federation-controller-manager" // its user name, and that of its Lease
	leaseNamespace    = "kube-system"

	adminsName  = "federation:admins"
	managerName = "federation:controller-manager"

	electionName = "federation-leader-election"
)

// accessRights are the base rights: administrators may do everything, the
// controller manager what it does with these kinds.
func accessRights(adminGroup string, federated []kinds.Kind) []any {
	return []any{
		&rbacv1.ClusterRoleBinding{
			TypeMeta:   typeMeta("ClusterRoleBinding"),
			ObjectMeta: meta("", adminsName),
			RoleRef:    roleRef("ClusterRole", "cluster-admin"),
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: adminGroup}},
		},
		&rbacv1.ClusterRole{
			TypeMeta:   typeMeta("ClusterRole"),
			ObjectMeta: meta("", managerName),
			Rules:      append(propagationRules(federated), managerRules()...),
		},
		&rbacv1.ClusterRoleBinding{
			TypeMeta:   typeMeta("ClusterRoleBinding"),
			ObjectMeta: meta("", managerName),
			RoleRef:    roleRef("ClusterRole", managerName),
			Subjects:   managerSubject(),
		},
		// The controller manager makes the role; a policy limits what can be in it.
		&rbacv1.ClusterRoleBinding{
			TypeMeta:   typeMeta("ClusterRoleBinding"),
			ObjectMeta: meta("", admission.CustomKindsRole),
			RoleRef:    roleRef("ClusterRole", admission.CustomKindsRole),
			Subjects:   managerSubject(),
		},
		&rbacv1.Role{
			TypeMeta:   typeMeta("Role"),
			ObjectMeta: meta(leaseNamespace, managerName),
			Rules: []rbacv1.PolicyRule{
				// A name cannot limit who creates.
				rule("coordination.k8s.io", "leases", "", "create"),
				rule("coordination.k8s.io", "leases", controllerManager, "get", "update", "patch"),
				// What is owed to members, and which custom kinds are federated.
				rule("", "configmaps", "", "get", "list", "watch", "create", "update", "patch", "delete"),
			},
		},
		&rbacv1.RoleBinding{
			TypeMeta:   typeMeta("RoleBinding"),
			ObjectMeta: meta(leaseNamespace, managerName),
			RoleRef:    roleRef("Role", managerName),
			Subjects:   managerSubject(),
		},
	}
}

// managerRules are what the controller manager needs whatever is federated.
func managerRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		rule(fedv1beta1.GroupName, "clusters", "", "get", "list", "watch", "patch"), // patch: its labels of zones and region
		rule(fedv1beta1.GroupName, "clusters/status", "", "get", "update", "patch"),
		// Those of zones that it is told of come and go.
		rule(fedv1beta1.GroupName, "dnszones", "", "get", "list", "watch", "create", "patch", "delete"),
		rule(fedv1beta1.GroupName, "dnszones/status", "", "get", "patch"),
		rule("", "events", "", "create", "patch", "update"),
		rule("events.k8s.io", "events", "", "create", "patch", "update"),
		// Whose UID is the federation's, and what helm test looks at with this identity.
		rule("", "namespaces", "kube-system", "get"),
		rule("", "namespaces", "default", "get"),
		rule(rbacv1.GroupName, "clusterroles", admission.CustomKindsRole, "get", "create", "patch", "escalate"),
	}
}

// propagationRules are what it needs of the sources: to read them, to patch the finalizer and annotations, and the status where it is
// summed up. Nothing of users is made or deleted, but for the ReplicaSet that stands for a Deployment of Helm's.
func propagationRules(federated []kinds.Kind) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	deployments := false
	for _, r := range kinds.Rules(append(federated[:len(federated):len(federated)], kinds.Definitions())) {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: r.APIGroups, Resources: r.Resources, Verbs: []string{"get", "list", "watch", "patch"}})
	}
	for _, k := range federated {
		if k.Status {
			rules = append(rules, rule(k.Group, k.Resource+"/status", "", "patch"))
		}
		deployments = deployments || k.ID() == "deployments.apps"
	}
	if deployments {
		rules = append(rules, rule("apps", "replicasets", "", "get", "create", "update", "patch"), rule("apps", "replicasets/status", "", "update", "patch"))
	}
	return rules
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels()}
}

func labels() map[string]string {
	return map[string]string{
		"app.kubernetes.io/managed-by": "fedhelm",
		"app.kubernetes.io/part-of":    "federation",
	}
}

// rule allows verbs on a resource, or, with a name, on that one object.
func rule(group, resource, name string, verbs ...string) rbacv1.PolicyRule {
	r := rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
	if name != "" {
		r.ResourceNames = []string{name}
	}
	return r
}

func roleRef(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

func managerSubject() []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: controllerManager}}
}
