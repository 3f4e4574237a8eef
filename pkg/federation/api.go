package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

// ErrNotPublished is returned while a federation has not put its kubeconfig into the host cluster.
var ErrNotPublished = errors.New("the federation has not published its kubeconfig")

// apiAnswer is how long the federation API may take to say who it is.
const apiAnswer = 10 * time.Second

// API is a federation's own API, used with the administrator's kubeconfig that the federation published in its host cluster:
// which contexts the user's kubeconfig has, and which one is current, makes no difference.
type API struct {
	Server string // URL, for messages
	Config *rest.Config

	client  kubernetes.Interface
	objects metadata.Interface
	rest    rest.Interface
}

// OpenAPI reads the published kubeconfig. It does not yet talk to the API. tune, if not nil, may change how clients behave.
func OpenAPI(ctx context.Context, host kubernetes.Interface, ref Ref, tune func(*rest.Config)) (*API, error) {
	data, err := Kubeconfig(ctx, host, ref)
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, fmt.Errorf("%w: there is no Secret %q in namespace %q; `fedhelm status %s --federation-system-namespace=%s` tells how far it is",
			ErrNotPublished, ref.KubeconfigSecret(), ref.Namespace, ref.Name, ref.Namespace)
	}
	entry, err := kubeconfig.Published(data, ref.Name)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig in Secret %q in namespace %q: %w", ref.KubeconfigSecret(), ref.Namespace, err)
	}
	config, err := clientcmd.NewDefaultClientConfig(*kubeconfig.New(entry), nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("use the kubeconfig of federation %q: %w", ref.Name, err)
	}
	if tune != nil {
		tune(config)
	}
	return NewAPI(config)
}

// NewAPI gives an API that is reached as config says.
func NewAPI(config *rest.Config) (*API, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for the federation API: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := fedv1beta1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("make a client for the federation API: %w", err)
	}
	own := rest.CopyConfig(config)
	own.APIPath = "/apis"
	own.GroupVersion = &fedv1beta1.SchemeGroupVersion
	own.ContentType = runtime.ContentTypeJSON // custom resources know no other
	own.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	clusters, err := rest.RESTClientFor(own)
	if err != nil {
		return nil, fmt.Errorf("make a client for the federation API: %w", err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for the federation API: %w", err)
	}
	return &API{Server: config.Host, Config: config, client: client, objects: objects, rest: clusters}, nil
}

// UID asks the API who it is: the UID of its kube-system namespace tells a federation from another one of the same name.
func (a *API) UID(ctx context.Context) (types.UID, error) {
	ctx, cancel := context.WithTimeout(ctx, apiAnswer)
	defer cancel()
	system, err := a.client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the federation API at %s who it is: %w", a.Server, err)
	}
	return system.UID, nil
}

// Kube reads and writes what is built into Kubernetes.
func (a *API) Kube() kubernetes.Interface { return a.client }

// Objects reads the metadata of objects of any kind.
func (a *API) Objects() metadata.Interface { return a.objects }
