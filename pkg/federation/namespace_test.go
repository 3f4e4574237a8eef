package federation

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestEnsureNamespace(t *testing.T) {
	client := fake.NewClientset()
	made, err := EnsureNamespace(context.Background(), client, "federation-system")
	if err != nil || !made {
		t.Fatalf("EnsureNamespace = %v, %v; want it made", made, err)
	}
	found, err := client.CoreV1().Namespaces().Get(context.Background(), "federation-system", metav1.GetOptions{})
	if err != nil || found.Labels[LabelManagedBy] != ManagedBy {
		t.Errorf("the namespace is %+v, %v; want our label", found, err)
	}
	if made, err = EnsureNamespace(context.Background(), client, "federation-system"); err != nil || made {
		t.Errorf("the second time: %v, %v; want nothing made", made, err)
	}
}

func TestEnsureNamespaceThatIsBeingDeleted(t *testing.T) {
	dying := namespaceOf("")
	dying.Status.Phase = corev1.NamespaceTerminating
	_, err := EnsureNamespace(context.Background(), fake.NewClientset(dying), fellowship.Namespace)
	if err == nil || !strings.Contains(err.Error(), "being deleted") {
		t.Errorf("got %v", err)
	}
}

func TestRemoveNamespace(t *testing.T) {
	object := func(apiVersion, kind, name string, change ...func(*metav1.PartialObjectMetadata)) runtime.Object {
		o := &metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: kind},
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace},
		}
		for _, c := range change {
			c(o)
		}
		return o
	}
	owned := func(o *metav1.PartialObjectMetadata) {
		o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "gone", UID: "2"}}
	}
	node := func(o *metav1.PartialObjectMetadata) {
		o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "here", UID: "3"}}
	}
	ending := func(o *metav1.PartialObjectMetadata) {
		o.DeletionTimestamp, o.Finalizers = &metav1.Time{Time: time.Now()}, []string{"example.com/slow"}
	}
	tests := []struct {
		name      string
		namespace *corev1.Namespace
		objects   []runtime.Object
		forbidden string // a resource that may not be listed
		want      bool
	}{
		{name: "one that is not there is not removed"},
		{name: "ours, and empty, goes", namespace: namespaceOf(ManagedBy), want: true},
		{name: "somebody else's stays", namespace: namespaceOf("")},
		{name: "what Kubernetes puts everywhere is nothing", namespace: namespaceOf(ManagedBy), want: true, objects: []runtime.Object{
			object("v1", "ConfigMap", "kube-root-ca.crt"), object("v1", "ServiceAccount", "default"), object("v1", "Event", "scheduled"),
		}},
		{name: "what goes with its owner is nothing", namespace: namespaceOf(ManagedBy), want: true, objects: []runtime.Object{object("v1", "Pod", "orphan", owned)}},
		{name: "what is owned from outside keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("v1", "Pod", "mirror", node)}},
		{name: "what is on its way out is nothing", namespace: namespaceOf(ManagedBy), want: true, objects: []runtime.Object{object("v1", "Pod", "slow", ending)}},
		{name: "a Secret of the user's keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("v1", "Secret", "mine")}},
		{name: "a ServiceAccount keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("v1", "ServiceAccount", "mine")}},
		{name: "somebody at work keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("coordination.k8s.io/v1", "Lease", "lock")}},
		{name: "a CronJob keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("batch/v1", "CronJob", "mine")}},
		{name: "a pod that nobody owns keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("v1", "Pod", "mine")}},
		{name: "a custom resource keeps it", namespace: namespaceOf(ManagedBy), objects: []runtime.Object{object("middle.earth/v1", "Ring", "one")}},
		{name: "what may not be looked at keeps it", namespace: namespaceOf(ManagedBy), forbidden: "secrets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := fake.NewClientset()
			if tt.namespace != nil {
				client = fake.NewClientset(tt.namespace)
			}
			client.Resources = servedResources
			scheme := metadatafake.NewTestScheme()
			if err := metav1.AddMetaToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			objects := metadatafake.NewSimpleMetadataClient(scheme, tt.objects...)
			if tt.forbidden != "" {
				objects.PrependReactor("list", tt.forbidden, func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: tt.forbidden}, "", nil)
				})
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			got, err := RemoveNamespace(ctx, client, objects, fellowship.Namespace)
			if err != nil || got != tt.want {
				t.Fatalf("RemoveNamespace = %v, %v; want %v", got, err, tt.want)
			}
			_, err = client.CoreV1().Namespaces().Get(ctx, fellowship.Namespace, metav1.GetOptions{})
			if gone := apierrors.IsNotFound(err); gone != (tt.want || tt.namespace == nil) {
				t.Errorf("the namespace is gone: %v", gone)
			}
		})
	}
}

// servedResources are some of those that an API server has, among them a custom one and one that cannot be listed.
var servedResources = []*metav1.APIResourceList{
	{GroupVersion: "v1", APIResources: []metav1.APIResource{
		kindOf("configmaps", "ConfigMap"), kindOf("secrets", "Secret"), kindOf("serviceaccounts", "ServiceAccount"), kindOf("pods", "Pod"), kindOf("events", "Event"),
		{Name: "pods/log", Namespaced: true, Verbs: metav1.Verbs{"get"}},
		{Name: "bindings", Namespaced: true, Verbs: metav1.Verbs{"create"}},
		{Name: "nodes", Kind: "Node", Verbs: metav1.Verbs{"list"}},
	}},
	{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{kindOf("replicasets", "ReplicaSet")}},
	{GroupVersion: "batch/v1", APIResources: []metav1.APIResource{kindOf("cronjobs", "CronJob")}},
	{GroupVersion: "middle.earth/v1", APIResources: []metav1.APIResource{kindOf("rings", "Ring")}},
	{GroupVersion: "middle.earth/v1beta1", APIResources: []metav1.APIResource{kindOf("rings", "Ring")}},
}

func kindOf(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"get", "list"}}
}

func namespaceOf(managedBy string) *corev1.Namespace {
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fellowship.Namespace, UID: "1"}}
	if managedBy != "" {
		n.Labels = map[string]string{LabelManagedBy: managedBy}
	}
	return n
}
