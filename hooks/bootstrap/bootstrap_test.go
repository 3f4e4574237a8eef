package bootstrap

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// federation is a federation API that keeps what is applied to it.
type federation struct {
	notReady  int    // answers until it is ready
	namespace int    // answers until its namespaces are there
	fail      string // end of the path that cannot be applied

	mu      sync.Mutex
	objects map[string]string // path → JSON
	order   []string
	queries map[string]string
}

func (f *federation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := func(code int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
	switch path := r.URL.Path; {
	case path == "/readyz":
		if f.notReady--; f.notReady >= 0 {
			http.Error(w, "[+]ping ok\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed", http.StatusInternalServerError)
			return
		}
		answer(http.StatusOK, "ok")
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/api/v1/namespaces/"):
		if f.namespace--; f.namespace >= 0 {
			answer(http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`)
			return
		}
		answer(http.StatusOK, `{"kind":"Namespace","apiVersion":"v1","status":{"phase":"Active"}}`)
	case r.Method == http.MethodGet:
		if _, ok := f.objects[path]; !ok {
			answer(http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
			return
		}
		answer(http.StatusOK, `{"status":{"conditions":[{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}]}}`)
	case r.Method == http.MethodPatch && r.Header.Get("Content-Type") == "application/apply-patch+yaml":
		if f.fail != "" && strings.HasSuffix(path, f.fail) {
			answer(http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"no"}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		f.objects[path], f.queries[path] = string(body), r.URL.Query().Encode()
		f.order = append(f.order, path)
		answer(http.StatusOK, string(body))
	default:
		answer(http.StatusMethodNotAllowed, `{}`)
	}
}

func (f *federation) client(t *testing.T) rest.Interface {
	t.Helper()
	f.objects, f.queries = map[string]string{}, map[string]string{}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	client, err := rest.UnversionedRESTClientFor(&rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{
		NegotiatedSerializer: serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func run(t *testing.T, api rest.Interface, timeout time.Duration, out io.Writer) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return Run(ctx, Options{API: api, CRDs: fedv1beta1.CRDs(), Timeout: timeout, Out: out})
}

const (
	rbac     = "/apis/rbac.authorization.k8s.io/v1/"
	policies = "/apis/admissionregistration.k8s.io/v1/"
	crds     = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
)

func TestRunAppliesTheBaseObjects(t *testing.T) {
	f := &federation{notReady: 2, namespace: 1}
	api := f.client(t)
	if err := run(t, api, 20*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		policies + "mutatingadmissionpolicies/federation-propagation",
		policies + "mutatingadmissionpolicies/federation-propagation-custom-kinds",
		policies + "mutatingadmissionpolicybindings/federation-propagation",
		policies + "mutatingadmissionpolicybindings/federation-propagation-custom-kinds",
		policies + "validatingadmissionpolicies/federation-custom-kinds-role",
		policies + "validatingadmissionpolicies/federation-empty-before-orphaning",
		policies + "validatingadmissionpolicybindings/federation-custom-kinds-role",
		policies + "validatingadmissionpolicybindings/federation-empty-before-orphaning",
		crds + "clusters.federation.fedhelm.io",
		crds + "dnszones.federation.fedhelm.io",
		"/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/federation-leader-election",
		rbac + "clusterrolebindings/federation:admins",
		rbac + "clusterrolebindings/federation:controller-manager",
		rbac + "clusterrolebindings/federation:custom-kinds",
		rbac + "clusterroles/federation:controller-manager",
		rbac + "namespaces/kube-system/rolebindings/federation:controller-manager",
		rbac + "namespaces/kube-system/roles/federation:controller-manager",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(f.objects))); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	for _, path := range f.order[:2] {
		if !strings.HasPrefix(path, crds) {
			t.Errorf("%s came before the definitions", path)
		}
	}
	for path, body := range f.objects {
		if q := f.queries[path]; q != "fieldManager=fedhelm&force=true" {
			t.Errorf("%s was applied with %q", path, q)
		}
		var object struct {
			Metadata map[string]any
			Status   any
		}
		if err := json.Unmarshal([]byte(body), &object); err != nil {
			t.Fatal(err)
		}
		if labels, _ := object.Metadata["labels"].(map[string]any); labels["app.kubernetes.io/managed-by"] != "fedhelm" {
			t.Errorf("%s is not labelled: %v", path, object.Metadata)
		}
		if _, ok := object.Metadata["creationTimestamp"]; ok || object.Status != nil {
			t.Errorf("%s has what only the server sets: %s", path, body)
		}
	}

	before := maps.Clone(f.objects)
	if err := run(t, api, 20*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, f.objects); diff != "" {
		t.Errorf("the second run applied something else: %s", diff)
	}
}

func TestFailureHalfWayIsMendedByTheNextRun(t *testing.T) {
	f := &federation{fail: "clusterroles/federation:controller-manager"}
	api := f.client(t)
	err := run(t, api, 20*time.Second, nil)
	if err == nil || !strings.Contains(err.Error(), `ClusterRole "federation:controller-manager"`) {
		t.Fatalf("Run = %v", err)
	}
	if len(f.objects) != 16 {
		t.Errorf("%d objects were applied, want all but the one", len(f.objects))
	}
	f.fail = ""
	if err := run(t, api, 20*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if len(f.objects) != 17 {
		t.Errorf("%d objects are there", len(f.objects))
	}
}

func TestWaitEndsAndSaysForWhat(t *testing.T) {
	tests := []struct {
		name string
		api  *federation
		says string
	}{
		{"a check of the API server fails", &federation{notReady: 1000}, "not ready yet: poststarthook/rbac/bootstrap-roles"},
		{"the namespaces do not appear", &federation{namespace: 1000}, `namespace "default"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t, tt.api.client(t), 500*time.Millisecond, nil)
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "after 500ms") {
				t.Errorf("Run = %v, want %q", err, tt.says)
			}
			if len(tt.api.objects) > 0 {
				t.Error("something was applied before the API was ready")
			}
		})
	}
}

func TestAdminGroup(t *testing.T) {
	f := &federation{}
	err := Run(t.Context(), Options{API: f.client(t), AdminGroup: "wizards", Out: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	var binding rbacv1.ClusterRoleBinding
	if err := json.Unmarshal([]byte(f.objects[rbac+"clusterrolebindings/federation:admins"]), &binding); err != nil {
		t.Fatal(err)
	}
	want := []rbacv1.Subject{{Kind: "Group", APIGroup: "rbac.authorization.k8s.io", Name: "wizards"}}
	if diff := cmp.Diff(want, binding.Subjects); diff != "" || binding.RoleRef.Name != "cluster-admin" {
		t.Errorf("%s is bound to: %s", binding.RoleRef.Name, diff)
	}
}

func TestControllerManagerHasNoMoreThanItNeeds(t *testing.T) {
	named := func(r rbacv1.PolicyRule, name string) bool { return slices.Equal(r.ResourceNames, []string{name}) }
	for _, r := range managersRules(kinds.Default()) {
		all := slices.Concat(r.APIGroups, r.Resources, r.Verbs)
		if slices.Contains(all, "*") || slices.Contains(all, "impersonate") || slices.Contains(all, "bind") || slices.Contains(all, "deletecollection") {
			t.Errorf("rule is too wide: %v", r)
		}
		if slices.Contains(r.APIGroups, rbacv1.GroupName) && !named(r, "federation:custom-kinds") {
			t.Errorf("rights may be changed beyond the role that a policy limits: %v", r)
		}
		if slices.Contains(r.APIGroups, "admissionregistration.k8s.io") {
			t.Errorf("what is admitted may be changed: %v", r)
		}
		for _, theirs := range []string{"namespaces", "secrets", "services", "deployments", "customresourcedefinitions"} {
			if slices.Contains(r.Resources, theirs) && (slices.Contains(r.Verbs, "create") || slices.Contains(r.Verbs, "delete")) {
				t.Errorf("objects of users may be made or deleted: %v", r)
			}
		}
	}
}

func TestControllerManagerReadsWhatIsFederatedAlone(t *testing.T) {
	federated, err := kinds.Parse("namespaces,deployments.apps")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range managersRules(federated) {
		for _, resource := range []string{"secrets", "services", "services/status", "jobs"} {
			if slices.Contains(r.Resources, resource) {
				t.Errorf("%s is not federated: %v", resource, r)
			}
		}
	}
}

func managersRules(federated []kinds.Kind) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, typed := range accessRights("federation:admins", federated) {
		switch role := typed.(type) {
		case *rbacv1.ClusterRole:
			rules = append(rules, role.Rules...)
		case *rbacv1.Role:
			rules = append(rules, role.Rules...)
		}
	}
	return rules
}

func TestBrokenManifestsAreRefused(t *testing.T) {
	tests := []struct{ name, manifest string }{
		{"no YAML", "\t:"},
		{"a kind that bootstrap does not know", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &federation{}
			if err := Run(t.Context(), Options{API: f.client(t), CRDs: [][]byte{[]byte(tt.manifest)}}); err == nil {
				t.Error("no error")
			}
			if len(f.objects) > 0 {
				t.Error("the rest was applied")
			}
		})
	}
}
