//go:build integration

package bootstrap_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/hooks/bootstrap"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// made are the kinds of object that the hook makes.
var made = []schema.GroupVersionResource{
	{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
	rbacv1.SchemeGroupVersion.WithResource("clusterroles"),
	rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"),
	rbacv1.SchemeGroupVersion.WithResource("roles"),
	rbacv1.SchemeGroupVersion.WithResource("rolebindings"),
	flowcontrolv1.SchemeGroupVersion.WithResource("flowschemas"),
	admissionv1.SchemeGroupVersion.WithResource("mutatingadmissionpolicies"),
	admissionv1.SchemeGroupVersion.WithResource("mutatingadmissionpolicybindings"),
	admissionv1.SchemeGroupVersion.WithResource("validatingadmissionpolicies"),
	admissionv1.SchemeGroupVersion.WithResource("validatingadmissionpolicybindings"),
}

func TestIntegrationBootstrap(t *testing.T) {
	server := apiserver.Start(t)
	options := bootstrap.Options{API: server.REST(t), CRDs: fedv1beta1.CRDs(), Timeout: time.Minute}
	run := func() {
		t.Helper()
		if err := bootstrap.Run(t.Context(), options); err != nil {
			t.Fatal(err)
		}
	}
	run()
	first := versions(t, server)
	if len(first) < 15 {
		t.Fatalf("made only %v", first)
	}

	t.Run("run again, it touches nothing", func(t *testing.T) {
		run()
		if second := versions(t, server); fmt.Sprint(second) != fmt.Sprint(first) {
			t.Errorf("objects are at %v, want them as they were at %v", second, first)
		}
	})
	t.Run("what was changed or is missing is put right", func(t *testing.T) {
		rbac := kubernetes.NewForConfigOrDie(server.Admin(t)).RbacV1()
		role, err := rbac.ClusterRoles().Get(t.Context(), "federation:controller-manager", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := len(role.Rules)
		role.Rules = role.Rules[:1]
		if _, err := rbac.ClusterRoles().Update(t.Context(), role, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := rbac.ClusterRoleBindings().Delete(t.Context(), "federation:admins", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		run()
		role, err = rbac.ClusterRoles().Get(t.Context(), "federation:controller-manager", metav1.GetOptions{})
		if err != nil || len(role.Rules) != want {
			t.Errorf("the role has %d rules, %v; want %d", len(role.Rules), err, want)
		}
		if _, err := rbac.ClusterRoleBindings().Get(t.Context(), "federation:admins", metav1.GetOptions{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("the leader's Lease has its own way", func(t *testing.T) { testFairness(t, server) })
	t.Run("rights", func(t *testing.T) { testRights(t, server) })
}

// versions maps what the hook made to its resource version.
func versions(t *testing.T, server *apiserver.Server) map[string]string {
	t.Helper()
	client, err := dynamic.NewForConfig(server.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for _, kind := range made {
		list, err := client.Resource(kind).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=fedhelm"})
		if err != nil {
			t.Fatal(err)
		}
		for _, obj := range list.Items {
			generation, _, _ := unstructured.NestedInt64(obj.Object, "metadata", "generation")
			at[kind.Resource+"/"+obj.GetName()] = fmt.Sprintf("%s generation %d", obj.GetUID(), generation)
			if kind.Resource != "customresourcedefinitions" && kind.Resource != "flowschemas" { // their status is the API server's to write
				at[kind.Resource+"/"+obj.GetName()] += " version " + obj.GetResourceVersion()
			}
		}
	}
	return at
}

// testFairness asks for a Lease as the controller manager, and by what rule it was let in.
func testFairness(t *testing.T, server *apiserver.Server) {
	t.Helper()
	schema, err := kubernetes.NewForConfigOrDie(server.Admin(t)).FlowcontrolV1().FlowSchemas().Get(t.Context(), "federation-leader-election", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(server.Config(t, "federation-controller-manager"))
	if err != nil {
		t.Fatal(err)
	}
	eventually.Do(t, 20*time.Second, "the flow schema to take effect", func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			server.URL+"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/federation-controller-manager", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(req)
		if err != nil {
			return err
		}
		if got := types.UID(answer.Header.Get("X-Kubernetes-PF-FlowSchema-UID")); got != schema.UID {
			err = fmt.Errorf("it was that with UID %s", got)
		}
		return errors.Join(err, answer.Body.Close())
	})
}

func testRights(t *testing.T, server *apiserver.Server) {
	t.Helper()
	type ask struct{ verb, group, resource, subresource, namespace, name string }
	tests := []struct {
		who    string
		groups []string
		may    []ask
		mayNot []ask
	}{
		{
			who: "federation-controller-manager",
			may: []ask{
				{verb: "watch", group: fedv1beta1.GroupName, resource: "clusters"},
				{verb: "patch", group: fedv1beta1.GroupName, resource: "clusters", subresource: "status", name: "gondor"},
				{verb: "update", group: "coordination.k8s.io", resource: "leases", namespace: "kube-system", name: "federation-controller-manager"},
				{verb: "create", resource: "events", namespace: "default"},
				{verb: "patch", group: "apps", resource: "deployments", namespace: "default", name: "web"},
				{verb: "patch", group: "apps", resource: "deployments", subresource: "status", namespace: "default", name: "web"},
				{verb: "create", group: "apps", resource: "replicasets", namespace: "default"},
				{verb: "watch", group: "apiextensions.k8s.io", resource: "customresourcedefinitions"},
				{verb: "create", resource: "configmaps", namespace: "kube-system"},
				{verb: "escalate", group: rbacv1.GroupName, resource: "clusterroles", name: "federation:custom-kinds"},
			},
			mayNot: []ask{
				{verb: "update", group: "coordination.k8s.io", resource: "leases", namespace: "kube-system", name: "kube-controller-manager"},
				{verb: "create", group: rbacv1.GroupName, resource: "clusterrolebindings"},
				{verb: "create", group: fedv1beta1.GroupName, resource: "clusters"},
				{verb: "create", group: "apps", resource: "deployments", namespace: "default"},
				{verb: "delete", resource: "secrets", namespace: "default"},
				{verb: "create", resource: "configmaps", namespace: "default"},
				{verb: "escalate", group: rbacv1.GroupName, resource: "clusterroles", name: "cluster-admin"},
				{verb: "patch", group: "admissionregistration.k8s.io", resource: "mutatingadmissionpolicies", name: "federation-propagation"},
			},
		},
		{
			who: "somebody", groups: []string{"federation:admins"},
			may: []ask{
				{verb: "create", group: "apps", resource: "deployments", namespace: "default"},
				{verb: "delete", resource: "namespaces", name: "shire"},
				{verb: "create", group: fedv1beta1.GroupName, resource: "clusters"},
			},
		},
		{
			who:    "somebody else",
			mayNot: []ask{{verb: "list", resource: "namespaces"}, {verb: "list", group: fedv1beta1.GroupName, resource: "clusters"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.who, func(t *testing.T) {
			reviews := kubernetes.NewForConfigOrDie(server.Config(t, tt.who, tt.groups...)).AuthorizationV1().SelfSubjectAccessReviews()
			check := func(a ask, want bool) {
				t.Helper()
				// The authorizer learns of a new role a moment later.
				eventually.Do(t, 10*time.Second, fmt.Sprintf("%+v: %t", a, want), func() error {
					got, err := reviews.Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
						ResourceAttributes: &authorizationv1.ResourceAttributes{
							Verb: a.verb, Group: a.group, Resource: a.resource, Subresource: a.subresource, Namespace: a.namespace, Name: a.name,
						},
					}}, metav1.CreateOptions{})
					if err != nil {
						return err
					}
					if got.Status.Allowed != want {
						return fmt.Errorf("allowed is %t", got.Status.Allowed)
					}
					return nil
				})
			}
			for _, a := range tt.may {
				check(a, true)
			}
			for _, a := range tt.mayNot {
				check(a, false)
			}
		})
	}
}
