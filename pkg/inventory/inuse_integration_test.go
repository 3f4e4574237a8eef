//go:build integration

package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// Every kind that a real API server lists is asked for, with the rights that one has.
func TestIntegrationInUse(t *testing.T) {
	server := apiserver.StartMember(t)
	c := &real{config: server.Admin(t)}
	client, err := dynamic.NewForConfig(c.config)
	if err != nil {
		t.Fatal(err)
	}
	c.client = client
	c.make(t, "namespaces", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shire"}}`)
	account := c.make(t, "serviceaccounts", `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}`)
	c.make(t, "configmaps", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kube-root-ca.crt"}}`)
	c.make(t, "leases.v1.coordination.k8s.io", `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"operator"}}`)
	service := c.make(t, "services", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","labels":{"ours":"true"}},"spec":{"clusterIP":"None"}}`)
	c.make(t, "endpointslices.v1.discovery.k8s.io", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"web-1"},"addressType":"IPv4","endpoints":[]}`)
	c.make(t, "events", `{"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},"involvedObject":{"namespace":"shire"}}`)
	c.make(t, "replicasets.v1.apps", fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"web","uid":%q}]},
		"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"a","image":"b"}]}}}}`, service.GetUID()))
	const token = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s","annotations":{"kubernetes.io/service-account.name":"default","kubernetes.io/service-account.uid":%q}},"type":%q}`
	c.make(t, "secrets", fmt.Sprintf(token, "token", account.GetUID(), "kubernetes.io/service-account-token"))
	c.expect(t, "nobody misses what Kubernetes makes, and what goes with ours")

	c.make(t, "apiservices.v1.apiregistration.k8s.io", apiService("v1beta1", "metrics.k8s.io"))
	c.expect(t, "figures that are away are nothing")
	c.make(t, "secrets", fmt.Sprintf(token, "looks-like-a-token", account.GetUID(), "Opaque"))
	c.expect(t, "an annotation makes no token", "secrets/looks-like-a-token")
	c.make(t, "persistentvolumeclaims", `{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","labels":{"ours":"true"}},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}`)
	c.expect(t, "a claim is the user's", "persistentvolumeclaims/data", "secrets/looks-like-a-token")
	c.make(t, "apiservices.v1.apiregistration.k8s.io", apiService("v1", "example.com"))
	c.expect(t, "what is away may be there", "example.com/v1 cannot be seen", "persistentvolumeclaims/data", "secrets/looks-like-a-token")

	c.config = server.Config(t, "nobody")
	got, err := c.inUse(t.Context())
	if err != nil || len(got) < enough || !strings.HasSuffix(got[1], " cannot be listed") {
		t.Errorf("without rights in use are %q, %v", got, err)
	}
}

type real struct {
	config *rest.Config
	client dynamic.Interface
}

func apiService(version, group string) string {
	return fmt.Sprintf(`{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"%[1]s.%[2]s"},"spec":{"group":%[2]q,"version":%[1]q,
		"service":{"name":"away","namespace":"default"},"groupPriorityMinimum":100,"versionPriority":100,"insecureSkipTLSVerify":true}}`, version, group)
}

// make creates an object, in namespace shire if its kind has one.
func (c *real) make(t *testing.T, resource, text string) *unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := json.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	gvr, _ := schema.ParseResourceArg(resource)
	if gvr == nil {
		gvr = &schema.GroupVersionResource{Version: "v1", Resource: resource}
	}
	namespace := "shire"
	if slices.Contains([]string{"namespaces", "apiservices"}, gvr.Resource) {
		namespace = ""
	}
	made, err := c.client.Resource(*gvr).Namespace(namespace).Create(t.Context(), &o, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("make %s %q: %v", o.GetKind(), o.GetName(), err)
	}
	return made
}

func (c *real) inUse(ctx context.Context) ([]string, error) {
	kinds, err := discovery.NewDiscoveryClientForConfig(c.config)
	if err != nil {
		return nil, err
	}
	objects, err := metadata.NewForConfig(c.config)
	if err != nil {
		return nil, err
	}
	return InUse(ctx, kinds, objects, "shire", isOurs)
}

// expect waits: it takes the server a while to know that another is away.
func (c *real) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	eventually.Do(t, 30*time.Second, what, func() error {
		got, err := c.inUse(t.Context())
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("in use are %q, want %q", got, want)
		}
		return err
	})
}
