package main

import (
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/gentype"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/pkg/dial"
	"github.com/fedhelm/fedhelm/pkg/version"
)

// The typed clients are put together from client-go's generic one and not taken
// from its clientset, which would bring every API group along: half as much
// again in the image, and in memory at each start of a hook.

// requestTimeout bounds one request, so that a connection that hangs leaves time
// for another.
const requestTimeout = 20 * time.Second

// host are clients of the host cluster.
type host struct {
	config    *rest.Config
	namespace string
	core      rest.Interface
	apps      rest.Interface
	parameter runtime.ParameterCodec
}

func (c *common) host() (*host, error) {
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), appsv1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("set up the client of the host cluster: %w", err)
	}
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	codecs := serializer.NewCodecFactory(scheme)
	core, err := groupClient(config, codecs, "/api", corev1.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}
	apps, err := groupClient(config, codecs, "/apis", appsv1.SchemeGroupVersion)
	if err != nil {
		return nil, err
	}
	return &host{config, c.namespace, core, apps, runtime.NewParameterCodec(scheme)}, nil
}

// config is that of the cluster to work on.
func (c *common) config() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find the cluster to work on: %w; outside of a pod give --kubeconfig", err)
	}
	config.UserAgent = "federation-hook/" + version.Get().Version
	config.Timeout = requestTimeout
	config.QPS = -1 // a handful of requests: the server's own limits are enough
	return config, nil
}

func groupClient(config *rest.Config, codecs serializer.CodecFactory, path string, gv schema.GroupVersion) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.APIPath = path
	config.GroupVersion = &gv
	config.NegotiatedSerializer = codecs.WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("set up the client of the host cluster: %w", err)
	}
	return client, nil
}

// federationAPI is a client of a federation API, without a group.
func (c *common) federationAPI() (rest.Interface, error) {
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	config.Dial = dial.Hedged // bootstrap asks while the API server is only just coming up
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("set up the client of the federation API: %w", err)
	}
	return client, nil
}

func (h *host) secrets() *gentype.Client[*corev1.Secret] {
	return gentype.NewClient("secrets", h.core, h.parameter, h.namespace, func() *corev1.Secret { return &corev1.Secret{} })
}

func (h *host) services() *gentype.Client[*corev1.Service] {
	return gentype.NewClient("services", h.core, h.parameter, h.namespace, func() *corev1.Service { return &corev1.Service{} })
}

func (h *host) configMaps() *gentype.Client[*corev1.ConfigMap] {
	return gentype.NewClient("configmaps", h.core, h.parameter, h.namespace, func() *corev1.ConfigMap { return &corev1.ConfigMap{} })
}

func (h *host) nodes() *gentype.ClientWithList[*corev1.Node, *corev1.NodeList] {
	return gentype.NewClientWithList("nodes", h.core, h.parameter, "",
		func() *corev1.Node { return &corev1.Node{} }, func() *corev1.NodeList { return &corev1.NodeList{} })
}

func (h *host) deployments() *gentype.Client[*appsv1.Deployment] {
	return gentype.NewClient("deployments", h.apps, h.parameter, h.namespace, func() *appsv1.Deployment { return &appsv1.Deployment{} })
}

func (h *host) statefulSets() *gentype.Client[*appsv1.StatefulSet] {
	return gentype.NewClient("statefulsets", h.apps, h.parameter, h.namespace, func() *appsv1.StatefulSet { return &appsv1.StatefulSet{} })
}

// secretNames lists Secrets without their content.
func (h *host) secretNames() (metadata.ResourceInterface, error) {
	client, err := metadata.NewForConfig(h.config)
	if err != nil {
		return nil, fmt.Errorf("set up the client of the host cluster: %w", err)
	}
	return client.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(h.namespace), nil
}
