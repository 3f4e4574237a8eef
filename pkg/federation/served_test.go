package federation

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
	want := []string{"configmaps", "secrets", "serviceaccounts", "pods", "nodes", "cronjobs.batch", "rings.middle.earth"}
	if diff := cmp.Diff(want, names, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("each kind once, no subresources, none that cannot be listed (-want +got):\n%s", diff)
	}
}
