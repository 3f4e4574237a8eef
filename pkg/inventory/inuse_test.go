package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
)

// change is one of an object.
type change func(*metav1.PartialObjectMetadata)

func object(apiVersion, kind, name string, changes ...change) runtime.Object {
	o := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shire", UID: types.UID(kind + "-" + name)},
	}
	for _, c := range changes {
		c(o)
	}
	return o
}

func ownedBy(apiVersion, kind string) change {
	return func(o *metav1.PartialObjectMetadata) {
		o.OwnerReferences = append(o.OwnerReferences, metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: "owner", UID: "owner"})
	}
}

func tokenOf(uid string) change {
	return func(o *metav1.PartialObjectMetadata) {
		o.Annotations = map[string]string{"kubernetes.io/service-account.uid": uid}
	}
}

func own(o *metav1.PartialObjectMetadata) { o.Labels = map[string]string{"ours": "true"} }

func ending(o *metav1.PartialObjectMetadata) {
	o.DeletionTimestamp, o.Finalizers = &metav1.Time{Time: time.Now()}, []string{"example.com/slow"}
}

func TestInUse(t *testing.T) {
	away := func(group string) error {
		return &discovery.ErrGroupDiscoveryFailed{Groups: map[schema.GroupVersion]error{{Group: group, Version: "v1"}: errors.New("away")}}
	}
	var many []runtime.Object
	for i := range 20 {
		many = append(many, object("v1", "ConfigMap", fmt.Sprint("c", i)))
	}
	tests := []struct {
		name      string
		objects   []runtime.Object
		forbidden string // a resource
		gone      string // another, which is not served any more
		discovery error
		want      []string
	}{
		{name: "an empty namespace is not in use"},
		{name: "what Kubernetes puts everywhere is missed by nobody", objects: []runtime.Object{
			object("v1", "ConfigMap", "kube-root-ca.crt"), object("v1", "ServiceAccount", "default"),
			object("v1", "Event", "e"), object("v1", "Endpoints", "e"), object("coordination.k8s.io/v1", "Lease", "l"), object("metrics.k8s.io/v1beta1", "PodMetrics", "m"),
		}},
		{name: "nor is what is ours", objects: []runtime.Object{object("v1", "ConfigMap", "a", own), object("middle.earth/v1", "Ring", "a", own)}},
		{name: "what is the user's is", objects: []runtime.Object{object("v1", "ConfigMap", "a"), object("v1", "ServiceAccount", "b"), object("middle.earth/v1", "Ring", "one")},
			want: []string{"configmaps/a", "serviceaccounts/b", "rings.middle.earth/one"}},
		{name: "what is on its way out is not", objects: []runtime.Object{object("v1", "Pod", "slow", ending)}},
		{name: "what is owned goes with its owner, who is looked at", objects: []runtime.Object{
			object("apps/v1", "ReplicaSet", "a", own), object("v1", "Pod", "a", ownedBy("apps/v1", "ReplicaSet")), object("v1", "Pod", "b", ownedBy("middle.earth/v9", "Ring")),
		}},
		{name: "an owner of the user's is named, and what it owns is not", objects: []runtime.Object{
			object("apps/v1", "ReplicaSet", "a"), object("v1", "Pod", "a", ownedBy("apps/v1", "ReplicaSet")),
		}, want: []string{"replicasets.apps/a"}},
		{name: "an owner of no namespace would miss it", objects: []runtime.Object{object("v1", "Pod", "mirror", ownedBy("v1", "Node"))}, want: []string{"pods/mirror"}},
		{name: "also beside another owner", objects: []runtime.Object{object("v1", "Pod", "a", ownedBy("apps/v1", "ReplicaSet"), ownedBy("v1", "Node"))}, want: []string{"pods/a"}},
		{name: "an owner of an unknown kind cannot be looked at", objects: []runtime.Object{object("v1", "Pod", "a", ownedBy("example.com/v1", "Unknown"))}, want: []string{"pods/a"}},
		{name: "claims are the user's, whoever made them", objects: []runtime.Object{
			object("v1", "PersistentVolumeClaim", "data-0", ownedBy("apps/v1", "ReplicaSet")), object("v1", "PersistentVolumeClaim", "data-1", own),
		}, want: []string{"persistentvolumeclaims/data-0", "persistentvolumeclaims/data-1"}},
		{name: "tokens go with their ServiceAccounts", objects: []runtime.Object{
			object("v1", "ServiceAccount", "default"), object("v1", "Secret", "a", tokenOf("ServiceAccount-default")),
			object("v1", "ServiceAccount", "ours", own), object("v1", "Secret", "b", tokenOf("ServiceAccount-ours")),
		}},
		{name: "those of the user's are named", objects: []runtime.Object{object("v1", "ServiceAccount", "x"), object("v1", "Secret", "a", tokenOf("ServiceAccount-x"))},
			want: []string{"serviceaccounts/x", "secrets/a"}},
		{name: "a Secret that only looks like a token is the user's", objects: []runtime.Object{
			object("v1", "ServiceAccount", "default"), object("v1", "Secret", "opaque", tokenOf("ServiceAccount-default")),
		}, want: []string{"secrets/opaque"}},
		{name: "a few examples are enough", objects: many, want: []string{"configmaps/c0", "configmaps/c1", "configmaps/c10", "configmaps/c11", "configmaps/c12"}},
		{name: "what may not be listed may be there", forbidden: "rings", want: []string{"rings.middle.earth cannot be listed"}},
		{name: "what is not served any more is not there", gone: "rings"},
		{name: "what is away may be there", discovery: away("example.com"), want: []string{"example.com/v1 cannot be seen"}},
		{name: "figures that are away are nothing", discovery: away("metrics.k8s.io")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kinds, objects := cluster(t, tt.objects, tt.discovery)
			refuse := func(resource string, err error) {
				objects.PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
			}
			if tt.forbidden != "" {
				refuse(tt.forbidden, apierrors.NewForbidden(schema.GroupResource{Resource: tt.forbidden}, "", nil))
			}
			if tt.gone != "" {
				refuse(tt.gone, apierrors.NewNotFound(schema.GroupResource{Resource: tt.gone}, ""))
			}
			got, err := InUse(t.Context(), kinds, objects, "shire", isOurs)
			slices.Sort(got)
			slices.Sort(tt.want)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("InUse = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestInUseIsNotKnown(t *testing.T) {
	failing := func(ctx context.Context, discovery, list error) error {
		kinds, objects := cluster(t, nil, discovery)
		if list != nil {
			objects.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, list })
		}
		found, err := InUse(ctx, kinds, objects, "shire", isOurs)
		if len(found) > 0 {
			t.Errorf("found is %q", found)
		}
		return err
	}
	broken := errors.New("connection refused")
	if err := failing(t.Context(), broken, nil); !errors.Is(err, broken) {
		t.Errorf("when discovery fails: %v", err)
	}
	if err := failing(t.Context(), nil, broken); !errors.Is(err, broken) || !strings.Contains(err.Error(), "pods") {
		t.Errorf("when a list fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := failing(ctx, nil, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("when it ends: %v", err)
	}
}

func isOurs(_ schema.GroupResource, o *metav1.PartialObjectMetadata) bool {
	return o.Labels["ours"] == "true"
}

// cluster has these objects. As an API server, it selects Secrets by their type: those named opaque have another than tokens.
func cluster(t *testing.T, has []runtime.Object, discovers error) (discovery.ServerResourcesInterface, *metadatafake.FakeMetadataClient) {
	t.Helper()
	client := fake.NewClientset()
	client.Resources = servedResources
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	objects := metadatafake.NewSimpleMetadataClient(scheme, has...)
	objects.PrependReactor("list", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		fields := a.(clienttesting.ListAction).GetListRestrictions().Fields.String()
		return strings.Contains(fields, "metadata.name=opaque"), &metav1.List{}, nil
	})
	return wavering{client.Discovery().(*fakediscovery.FakeDiscovery), discovers}, objects
}
