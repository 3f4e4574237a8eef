package federation

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const clusters = "clusters"

// Get returns the Cluster of that name.
func (a *API) Get(ctx context.Context, name string) (*fedv1beta1.Cluster, error) {
	found := &fedv1beta1.Cluster{}
	return found, a.rest.Get().Resource(clusters).Name(name).Do(ctx).Into(found)
}

// List returns all Clusters.
func (a *API) List(ctx context.Context) (*fedv1beta1.ClusterList, error) {
	found := &fedv1beta1.ClusterList{}
	return found, a.rest.Get().Resource(clusters).Do(ctx).Into(found)
}

// Apply makes the Cluster have what wanted says, server-side, as field owner "fedhelm"; what that owned before and wanted does not
// say goes.
func (a *API) Apply(ctx context.Context, wanted *fedv1beta1.Cluster) (*fedv1beta1.Cluster, error) {
	data, err := json.Marshal(applied{
		TypeMeta:   metav1.TypeMeta{APIVersion: fedv1beta1.SchemeGroupVersion.String(), Kind: "Cluster"},
		ObjectMeta: metav1.ObjectMeta{Name: wanted.Name, Labels: wanted.Labels, Annotations: wanted.Annotations},
		Spec:       wanted.Spec,
	})
	if err != nil {
		return nil, fmt.Errorf("encode Cluster %q: %w", wanted.Name, err)
	}
	options := metav1.PatchOptions{FieldManager: fieldManager, Force: ptr.To(true)}
	found := &fedv1beta1.Cluster{}
	return found, a.rest.Patch(types.ApplyPatchType).Resource(clusters).Name(wanted.Name).
		SpecificallyVersionedParams(&options, metav1.ParameterCodec, corev1.SchemeGroupVersion).Body(data).Do(ctx).Into(found)
}

// applied is a Cluster without the status, which is not ours to say.
type applied struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              fedv1beta1.ClusterSpec `json:"spec"`
}

// Annotate sets one annotation of a Cluster, or takes it off when value is "".
func (a *API) Annotate(ctx context.Context, name, key, value string) (*fedv1beta1.Cluster, error) {
	annotations := map[string]any{key: value}
	if value == "" {
		annotations[key] = nil
	}
	data, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": annotations}})
	if err != nil {
		return nil, fmt.Errorf("encode an annotation of Cluster %q: %w", name, err)
	}
	options := metav1.PatchOptions{FieldManager: fieldManager}
	found := &fedv1beta1.Cluster{}
	return found, a.rest.Patch(types.MergePatchType).Resource(clusters).Name(name).
		SpecificallyVersionedParams(&options, metav1.ParameterCodec, corev1.SchemeGroupVersion).Body(data).Do(ctx).Into(found)
}

// Delete asks for the end of a Cluster.
func (a *API) Delete(ctx context.Context, name string) error {
	return a.rest.Delete().Resource(clusters).Name(name).Do(ctx).Error()
}

// Watch tells every change of one Cluster, beginning with the state it is in, until ctx ends or the server closes it.
func (a *API) Watch(ctx context.Context, name string) (watch.Interface, error) {
	options := metav1.ListOptions{Watch: true, FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
	return a.rest.Get().Resource(clusters).
		SpecificallyVersionedParams(&options, metav1.ParameterCodec, corev1.SchemeGroupVersion).Watch(ctx)
}
