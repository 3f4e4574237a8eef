package servicedns

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	toolscache "k8s.io/client-go/tools/cache"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// newInformer follows the Services of the federation API, of which it keeps what is read here.
func newInformer(api corev1client.ServicesGetter) toolscache.SharedIndexInformer {
	all := api.Services(metav1.NamespaceAll)
	informer := toolscache.NewSharedIndexInformer(&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return all.List(ctx, o) },
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return all.Watch(ctx, o)
		},
	}, &corev1.Service{}, 0, nil)
	_ = informer.SetTransform(reduce) // it has not begun: nothing can go wrong
	return informer
}

// heeded are the annotations of Services that are read here.
var heeded = []string{
	fedv1beta1.AnnotationDNS, fedv1beta1.AnnotationDNSAddresses, fedv1beta1.AnnotationDNSDrain, fedv1beta1.AnnotationDNSTTL, fedv1beta1.AnnotationFederate,
}

// reduce leaves of a Service what is read here.
func reduce(o any) (any, error) {
	s, ok := o.(*corev1.Service)
	if !ok {
		return o, nil
	}
	is := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: s.Namespace, Name: s.Name, UID: s.UID, ResourceVersion: s.ResourceVersion, Generation: s.Generation, DeletionTimestamp: s.DeletionTimestamp,
	}}
	for _, name := range heeded {
		if text, has := s.Annotations[name]; has {
			if is.Annotations == nil {
				is.Annotations = map[string]string{}
			}
			is.Annotations[name] = text
		}
	}
	is.Spec.Type = s.Spec.Type
	if len(s.Spec.Selector) > 0 {
		is.Spec.Selector = map[string]string{"": ""} // that there is one
	}
	for _, c := range s.Status.Conditions {
		if c.Type == fedv1beta1.ServiceDNS {
			is.Status.Conditions = []metav1.Condition{c}
		}
	}
	return is, nil
}
