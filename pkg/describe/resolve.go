package describe

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

// resolve finds the kind that a user of kubectl would mean: deploy, deployment, Deployment, deployments.apps or deployments.v1.apps.
func resolve(served discovery.DiscoveryInterface, resource string) (*meta.RESTMapping, error) {
	cached := memory.NewMemCacheClient(served)
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	versioned, unversioned := schema.ParseResourceArg(strings.ToLower(resource))
	wanted := []schema.GroupVersionResource{unversioned.WithVersion("")}
	if versioned != nil {
		wanted = append([]schema.GroupVersionResource{*versioned}, wanted...)
	}
	var kind schema.GroupVersionKind
	var err error
	for _, w := range wanted {
		if kind, err = mapper.KindFor(w); err == nil {
			return mapper.RESTMapping(kind.GroupKind(), kind.Version)
		}
	}
	if meta.IsNoMatchError(err) {
		return nil, fmt.Errorf("the federation API has no kind %q; kubectl api-resources lists those that it has", resource)
	}
	return nil, fmt.Errorf("look for kind %q in the federation API: %w", resource, err)
}
