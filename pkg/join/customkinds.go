package join

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/metadata"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// customKinds returns those kinds whose definitions are marked in the federation API, by name: members need rights for them. Only group
// and resource are filled in, of which the name of a definition is made.
func customKinds(ctx context.Context, federation metadata.Interface) ([]kinds.Kind, error) {
	definitions, err := federation.Resource(kinds.Definitions().GroupVersionResource()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask the federation API for the CustomResourceDefinitions that are federated: %w", err)
	}
	custom := []kinds.Kind{}
	for _, d := range definitions.Items {
		var o unstructured.Unstructured
		o.SetName(d.Name)
		o.SetLabels(d.Labels)
		o.SetAnnotations(d.Annotations)
		if resource, group, ok := strings.Cut(d.Name, "."); ok && kinds.Federated(kinds.Definitions(), &o) {
			custom = append(custom, kinds.Kind{Group: group, Resource: resource})
		}
	}
	return custom, nil // the server lists by name
}
