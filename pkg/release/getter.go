package release

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// getter gives Helm its clients from a configuration that is there already: the kubeconfig is read in one place only,
// and no context's default namespace can leak in.
type getter struct {
	config    *rest.Config
	namespace string
	discovery func() (discovery.CachedDiscoveryInterface, error)
}

func newGetter(config *rest.Config, namespace string) *getter {
	return &getter{
		config:    config,
		namespace: namespace,
		discovery: sync.OnceValues(func() (discovery.CachedDiscoveryInterface, error) {
			client, err := discovery.NewDiscoveryClientForConfig(config)
			if err != nil {
				return nil, err
			}
			return memory.NewMemCacheClient(client), nil
		}),
	}
}

func (g *getter) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(g.config), nil }

func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.discovery()
}

func (g *getter) ToRESTMapper() (meta.RESTMapper, error) {
	client, err := g.discovery()
	if err != nil {
		return nil, err
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(client), nil
}

// ToRawKubeConfigLoader is asked for the namespace alone.
func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: g.namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), overrides)
}
