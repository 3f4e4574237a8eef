// Package join makes a cluster a member of a federation, and takes it out again. Both can be run again after any failure, also
// after having been killed, and go on from what they find.
package join

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// Host is the host cluster, where the federation's control plane runs.
type Host = setup.Host

// Member is the member cluster, as the operator reaches it.
type Member struct {
	Client   kubernetes.Interface
	Objects  metadata.Interface // any kind there is, metadata only
	Config   *rest.Config       // how Client connects; for port-forwards, and for what the federation is told of the server
	Context  string             // of the kubeconfig, for messages
	Server   string             // URL, for messages
	Releases Releases           // of Helm, in the federation's namespace
}

// Releases is what joining and leaving need of Helm.
type Releases interface {
	setup.Releases
	// Values are those that the newest revision was given; release.ErrNotFound when there is no release.
	Values(ctx context.Context, name string) (map[string]any, error)
}

// Federation is the federation and its API, reached through what it published in its host cluster.
type Federation struct {
	federation.Ref
	Zone string // of its DNS names; "": it has none

	// Unusable is why the federation's API cannot be used; then Clusters, API and Objects are nil and UID empty. nil: it answers.
	Unusable error
	Clusters ClusterClient
	API      kubernetes.Interface // what is built into Kubernetes
	Objects  metadata.Interface   // any kind there is, metadata only
	Server   string               // URL of the API, for messages
	UID      types.UID            // of its kube-system namespace
}

// ClusterClient reads and writes Clusters, the registrations of members. Errors are those of the API server:
// apierrors.IsNotFound and the like tell them apart.
type ClusterClient interface {
	Get(ctx context.Context, name string) (*fedv1beta1.Cluster, error)
	List(ctx context.Context) (*fedv1beta1.ClusterList, error)
	// Apply makes the Cluster have what wanted says, server-side, as field owner "fedhelm"; what that owned before and wanted does
	// not say goes.
	Apply(ctx context.Context, wanted *fedv1beta1.Cluster) (*fedv1beta1.Cluster, error)
	// Annotate sets one annotation, or takes it off when value is "".
	Annotate(ctx context.Context, name, key, value string) (*fedv1beta1.Cluster, error)
	Delete(ctx context.Context, name string) error
	// Watch tells every change of the one Cluster, beginning with the state it is in, until ctx ends or the server closes it.
	Watch(ctx context.Context, name string) (watch.Interface, error)
}

// Open finds out what there is to know of a federation of the host cluster. A federation whose API cannot be used is no error: it
// is Unusable. tune, if not nil, may change how clients of its API behave.
func Open(ctx context.Context, host Host, ref federation.Ref, tune func(*rest.Config)) (Federation, error) {
	f := Federation{Ref: ref}
	var err error
	if f.Zone, err = federation.Zone(ctx, host.Client, ref); err != nil {
		return Federation{}, err
	}
	f.Unusable = f.connect(ctx, host, tune)
	return f, nil
}

// connect asks the federation's API who it is.
func (f *Federation) connect(ctx context.Context, host Host, tune func(*rest.Config)) error {
	api, err := federation.OpenAPI(ctx, host.Client, f.Ref, tune)
	if err != nil {
		return err
	}
	if f.UID, err = api.UID(ctx); err != nil {
		return err
	}
	f.Clusters, f.API, f.Objects, f.Server = api, api.Kube(), api.Objects(), api.Server
	return nil
}
