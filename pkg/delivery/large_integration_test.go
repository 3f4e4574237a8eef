//go:build integration

package delivery

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// TestIntegrationLarge brings what is as large as a ConfigMap may be, and larger, among what is small.
func TestIntegrationLarge(t *testing.T) {
	server := apiserver.StartMember(t)
	config := server.Admin(t)
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	const (
		configMapBytes = 1_048_000 // of 1 MiB at most
		ringBytes      = 1_300_000 // of what etcd takes in a request, 1.5 MiB
		small          = 30
	)
	p := &place{world: newWorld(t, config), kube: kube, ns: "large"}
	rings, define := p.rings()
	ring := func(letter string) Key {
		return p.source(fmt.Sprintf(`{"apiVersion":"%s/v1","kind":"Ring","metadata":{"name":"one","namespace":%q},"spec":{"inscription":%q}}`,
			rings.Group, p.ns, strings.Repeat(letter, ringBytes)))
	}
	p.run()
	p.namespace()
	p.expect(define(), Synced)
	p.expect(ring("a"), Synced)

	for _, letter := range []string{"x", "y"} { // made, and changed
		large := []Key{p.configMap("large-1", strings.Repeat(letter, configMapBytes)), p.configMap("large-2", strings.Repeat(letter, configMapBytes)), ring(letter)}
		for i := range small {
			p.configMap(fmt.Sprintf("small-%d", i), letter)
		}
		for i := range small {
			p.becomes(fmt.Sprintf("small-%d", i), letter)
		}
		eventually.Do(t, 15*time.Second, "what is large to be there", func() error {
			for _, name := range []string{"large-1", "large-2"} {
				if cm := p.get(name); cm == nil || cm.Data["key"] != strings.Repeat(letter, configMapBytes) {
					return fmt.Errorf("%s does not say %q", name, letter)
				}
			}
			got, err := objects.Resource(rings.GroupVersionResource()).Namespace(p.ns).Get(t.Context(), "one", metav1.GetOptions{})
			if err != nil {
				return err
			}
			if said, _, _ := unstructured.NestedString(got.Object, "spec", "inscription"); said != strings.Repeat(letter, ringBytes) {
				return fmt.Errorf("the ring says %d letters, not %q", len(said), letter)
			}
			return nil
		})
		for _, k := range large {
			p.expect(k, Synced)
		}
	}
}
