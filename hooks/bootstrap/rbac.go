package bootstrap

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	controllerManager = "federation-controller-manager" // its user name, and that of its Lease
	leaseNamespace    = "kube-system"
	clusterCRD        = "clusters." + fedv1beta1.GroupName

	adminsName  = "federation:admins"
	managerName = "federation:controller-manager"
)

// accessRights are the base rights: administrators may do everything, the
// controller manager what it does.
func accessRights(adminGroup string) []any {
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
			Rules: []rbacv1.PolicyRule{
				rule(fedv1beta1.GroupName, "clusters", "", "get", "list", "watch", "patch"), // patch: its labels of zones and region
				rule(fedv1beta1.GroupName, "clusters/status", "", "get", "update", "patch"),
				rule("", "events", "", "create", "patch", "update"),
				rule("events.k8s.io", "events", "", "create", "patch", "update"),
				// Whose UID is the federation's.
				rule("", "namespaces", "kube-system", "get"),
				// What helm test looks at with this identity.
				rule("apiextensions.k8s.io", "customresourcedefinitions", clusterCRD, "get"),
				rule("", "namespaces", "default", "get"),
			},
		},
		&rbacv1.ClusterRoleBinding{
			TypeMeta:   typeMeta("ClusterRoleBinding"),
			ObjectMeta: meta("", managerName),
			RoleRef:    roleRef("ClusterRole", managerName),
			Subjects:   managerSubject(),
		},
		&rbacv1.Role{
			TypeMeta:   typeMeta("Role"),
			ObjectMeta: meta(leaseNamespace, managerName),
			Rules: []rbacv1.PolicyRule{
				// A name cannot limit who creates.
				rule("coordination.k8s.io", "leases", "", "create"),
				rule("coordination.k8s.io", "leases", controllerManager, "get", "update", "patch"),
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
