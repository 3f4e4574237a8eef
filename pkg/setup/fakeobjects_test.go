package setup

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	metadatafake "k8s.io/client-go/metadata/fake"
	k8stesting "k8s.io/client-go/testing"
)

// servedKinds are those that the world's API server has.
var servedKinds = map[schema.GroupVersionResource]schema.GroupVersionKind{
	corev1.SchemeGroupVersion.WithResource("secrets"):                corev1.SchemeGroupVersion.WithKind("Secret"),
	corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"): corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"),
	corev1.SchemeGroupVersion.WithResource("services"):               corev1.SchemeGroupVersion.WithKind("Service"),
	appsv1.SchemeGroupVersion.WithResource("deployments"):            appsv1.SchemeGroupVersion.WithKind("Deployment"),
	coordinationv1.SchemeGroupVersion.WithResource("leases"):         coordinationv1.SchemeGroupVersion.WithKind("Lease"),
}

// serve makes discovery tell of servedKinds.
func (w *world) serve() {
	lists := map[string]*metav1.APIResourceList{}
	for resource := range servedKinds {
		version := resource.GroupVersion().String()
		if lists[version] == nil {
			lists[version] = &metav1.APIResourceList{GroupVersion: version}
			w.client.Resources = append(w.client.Resources, lists[version])
		}
		lists[version].APIResources = append(lists[version].APIResources, metav1.APIResource{
			Name: resource.Resource, Namespaced: true, Verbs: metav1.Verbs{"list"},
		})
	}
}

// metadata shows the world's objects, of whatever kind.
func (w *world) metadata() metadata.Interface {
	client := metadatafake.NewSimpleMetadataClient(metadatafake.NewTestScheme())
	client.PrependReactor("list", "*", func(a k8stesting.Action) (bool, runtime.Object, error) {
		found, err := w.client.Tracker().List(a.GetResource(), servedKinds[a.GetResource()], a.GetNamespace())
		if err != nil {
			return true, nil, err
		}
		list := &metav1.List{}
		err = meta.EachListItem(found, func(o runtime.Object) error {
			accessor, err := meta.Accessor(o)
			if err == nil {
				list.Items = append(list.Items, runtime.RawExtension{Object: &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
					Name: accessor.GetName(), Namespace: accessor.GetNamespace(), Labels: accessor.GetLabels(),
					OwnerReferences: slices.Clone(accessor.GetOwnerReferences()),
				}}})
			}
			return err
		})
		return true, list, err
	})
	return client
}
