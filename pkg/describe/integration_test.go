//go:build integration

package describe_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/describe"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// What a fake API does not do: it knows short names, chooses events, and decodes Clusters.
func TestIntegrationDescribe(t *testing.T) {
	config := apiserver.Start(t).Admin(t)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	create := func(resource schema.GroupVersionResource, text string) *unstructured.Unstructured {
		t.Helper()
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		made, err := client.Resource(resource).Namespace(o.GetNamespace()).Create(t.Context(), o, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for _, crd := range fedv1beta1.CRDs() {
		create(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}, string(crd))
	}
	clusters := fedv1beta1.SchemeGroupVersion.WithResource("clusters")
	eventually.Do(t, 30*time.Second, "Clusters to be served", func() error {
		_, err := client.Resource(clusters).List(t.Context(), metav1.ListOptions{})
		return err
	})
	for _, name := range []string{"gondor", "mordor"} {
		create(clusters, `{apiVersion: federation.fedhelm.io/v1beta1, kind: Cluster, metadata: {name: `+name+`, labels: {name: `+name+`}},
			spec: {serverAddressByClientCIDRs: [{clientCIDR: 0.0.0.0/0, serverAddress: "https://192.0.2.1"}], secretRef: {name: `+name+`}}}`)
	}
	hpa := create(schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
		`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, spec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}},
		  metadata: {name: web, namespace: default, `+finalizers+`, annotations: {
		    federation.alpha.kubernetes.io/cluster-selector: '[{"key":"name","operator":"=","values":["gondor"]}]',
		    federation.fedhelm.io/propagation: synced 1/1, federation.fedhelm.io/members: '{"gondor":{"wanted":9,"ready":3}}'}}}`)
	namespace := create(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"},
		`{apiVersion: v1, kind: Namespace, metadata: {name: shop, `+finalizers+`}}`)
	for name, about := range map[string]*unstructured.Unstructured{"a": hpa, "b": namespace} {
		create(schema.GroupVersionResource{Group: "events.k8s.io", Version: "v1", Resource: "events"},
			`{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: `+name+`, namespace: default}, eventTime: "2026-11-22T12:00:00.000000Z", type: Warning,
			  reason: Conflict, note: of `+about.GetName()+`, action: Propagate, reportingController: fedhelm, reportingInstance: x,
			  regarding: {kind: `+about.GetKind()+`, name: `+about.GetName()+`, namespace: "`+about.GetNamespace()+`", uid: `+string(about.GetUID())+`}}`)
	}

	api, err := describe.Connect(config)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name                       string
		request                    describe.Request
		members, notSelected, said []string
	}{
		{"by a short name, in a namespace", describe.Request{Resource: "hpa", Namespace: "default", Name: "web"}, []string{"gondor 9/3 Synced the cluster was not looked at yet"}, []string{"mordor"}, []string{"of web"}},
		{"of a kind without namespaces", describe.Request{Resource: "ns", Namespace: "default", Name: "shop"},
			[]string{"gondor Unknown the cluster was not looked at yet", "mordor Unknown the cluster was not looked at yet"}, nil, []string{"of shop"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := describe.Gather(t.Context(), api, tt.request)
			if err != nil || len(d.Problems) > 0 {
				t.Fatal(err, d.Problems)
			}
			var said []string
			for _, e := range d.Events {
				said = append(said, e.Message)
			}
			if diff := cmp.Diff([][]string{tt.members, tt.notSelected, tt.said}, [][]string{lines(d), d.NotSelected, said}); diff != "" {
				t.Errorf("members, those not selected, and events (-want +got):\n%s", diff)
			}
		})
	}
}
