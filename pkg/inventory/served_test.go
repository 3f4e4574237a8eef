package inventory

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
)

// wavering is a cluster that has one API server away.
type wavering struct {
	*fakediscovery.FakeDiscovery
	err error
}

func (w wavering) ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	groups, lists, _ := w.FakeDiscovery.ServerGroupsAndResources()
	return groups, lists, w.err
}

func TestServedKinds(t *testing.T) {
	client := fake.NewClientset()
	client.Resources = servedResources
	away := &discovery.ErrGroupDiscoveryFailed{Groups: map[schema.GroupVersion]error{{Group: "metrics.k8s.io"}: errors.New("away")}}
	got, err := ServedKinds(wavering{client.Discovery().(*fakediscovery.FakeDiscovery), away})
	if !errors.Is(err, away) {
		t.Errorf("the error is %v, want that of the API server that is away", err)
	}
	var names []string
	for _, kind := range got {
		names = append(names, kind.GroupResource().String())
	}
	want := []string{"configmaps", "secrets", "serviceaccounts", "pods", "persistentvolumeclaims", "nodes", "replicasets.apps", "cronjobs.batch", "rings.middle.earth"}
	if diff := cmp.Diff(want, names, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("each kind once, no subresources, none that cannot be listed (-want +got):\n%s", diff)
	}
}

// servedResources are some of those that an API server has, among them a custom one and one that cannot be listed.
var servedResources = []*metav1.APIResourceList{
	{GroupVersion: "v1", APIResources: []metav1.APIResource{
		kindOf("configmaps", "ConfigMap"), kindOf("secrets", "Secret"), kindOf("serviceaccounts", "ServiceAccount"), kindOf("pods", "Pod"),
		kindOf("events", "Event"), kindOf("endpoints", "Endpoints"), kindOf("persistentvolumeclaims", "PersistentVolumeClaim"),
		{Name: "pods/log", Namespaced: true, Verbs: metav1.Verbs{"get"}},
		{Name: "bindings", Namespaced: true, Verbs: metav1.Verbs{"create"}},
		{Name: "nodes", Kind: "Node", Verbs: metav1.Verbs{"list"}},
	}},
	{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{kindOf("replicasets", "ReplicaSet")}},
	{GroupVersion: "batch/v1", APIResources: []metav1.APIResource{kindOf("cronjobs", "CronJob")}},
	{GroupVersion: "coordination.k8s.io/v1", APIResources: []metav1.APIResource{kindOf("leases", "Lease")}},
	{GroupVersion: "metrics.k8s.io/v1beta1", APIResources: []metav1.APIResource{kindOf("pods", "PodMetrics")}},
	{GroupVersion: "middle.earth/v1", APIResources: []metav1.APIResource{kindOf("rings", "Ring")}},
	{GroupVersion: "middle.earth/v1beta1", APIResources: []metav1.APIResource{kindOf("rings", "Ring")}},
}

func kindOf(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"get", "list"}}
}
