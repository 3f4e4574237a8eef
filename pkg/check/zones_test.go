package check

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	fakemetadata "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
)

// node is the metadata of one with labels.
func node(name string, labels map[string]string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
	}
}

func nodes(t *testing.T, objects ...runtime.Object) *fakemetadata.FakeMetadataClient {
	t.Helper()
	scheme := fakemetadata.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fakemetadata.NewSimpleMetadataClient(scheme, objects...)
}

const resolverConfig = `.:5302 {
    template IN A fellowship.svc.cluster.local {
        answer "{{ .Name }} 30 IN CNAME {{ .Group.service }}.{{ .Group.namespace }}.fellowship.svc.%s"
    }
}`

func TestZones(t *testing.T) {
	west := map[string]string{corev1.LabelTopologyZone: "west-a", corev1.LabelTopologyRegion: "west"}
	west1 := map[string]string{corev1.LabelTopologyZone: "west-a", corev1.LabelTopologyRegion: "West_1"}
	resolver := func(leadsTo string) *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "fellowship-resolver", Namespace: ns},
			Data:       map[string]string{"Corefile": fmt.Sprintf(resolverConfig, leadsTo)},
		}
	}
	tests := []struct {
		name     string
		nodes    []runtime.Object
		zones    []string // of the status; nil: west-a
		region   string   // of the status; "": west
		resolver *corev1.ConfigMap
		want     expected
	}{
		{name: "all agree", nodes: []runtime.Object{node("a", west), node("b", west)}, resolver: resolver("west-a.west.example.com."), want: expected{level: OK, text: "in west-a of region west"}},
		{name: "without a resolver", nodes: []runtime.Object{node("a", west)}, want: expected{level: OK}},
		{name: "nodes without labels are left out", nodes: []runtime.Object{node("a", west), node("b", nil)}, want: expected{level: OK}},
		{name: "no node has a label", nodes: []runtime.Object{node("a", nil)}, want: expected{level: Warning, text: "no node says", mend: "kubectl --context=minas-tirith label nodes --all topology.kubernetes.io/region=REGION"}},
		{name: "the federation believes something else", nodes: []runtime.Object{node("a", west)}, zones: []string{"west-a", "west-b"}, want: expected{level: Warning, text: `nodes are in west-a of region west, and Cluster "gondor" says west-a, west-b of region west`, mend: "if it stays so for more than a minute"}},
		{name: "the resolver leads to another zone", nodes: []runtime.Object{node("a", west)}, resolver: resolver("east-a.east.example.com."), want: expected{level: Warning, text: "its resolver leads to fellowship.svc.east-a.east.example.com., and the nearest name of the federation begins with fellowship.svc.west-a.west.", mend: rejoin + " --cluster-context=minas-tirith --refresh"}},
		{
			name:  "with several zones the resolver leads to the region",
			nodes: []runtime.Object{node("a", west), node("b", map[string]string{corev1.LabelTopologyZone: "west-b"})}, zones: []string{"west-a", "west-b"},
			resolver: resolver("west.example.com."), want: expected{level: OK, text: "west-a, west-b of region west"},
		},
		{name: "names become DNS labels", nodes: []runtime.Object{node("a", west1)}, region: "West_1", resolver: resolver("west-a.west-1.example.com."), want: expected{level: OK}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var objects []runtime.Object
			if tt.resolver != nil {
				objects = append(objects, tt.resolver)
			}
			m := gondor(cluster("v1.36.3", nil, objects...))
			m.way.Objects = nodes(t, tt.nodes...)
			if tt.zones != nil {
				m.Cluster.Status.Zones = tt.zones
			}
			if tt.region != "" {
				m.Cluster.Status.Region = tt.region
			}
			tt.want.check(t, m.zones(t.Context()))
		})
	}
	t.Run("nodes that may not be listed", func(t *testing.T) {
		client := nodes(t)
		client.PrependReactor("list", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("no") })
		m := gondor(cluster("v1.36.3", nil))
		m.way.Objects = client
		expected{level: Failure, text: "list the nodes"}.check(t, m.zones(t.Context()))
	})
}
