package pki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	// annotationGeneration, on the pod templates, makes the pods roll when the
	// trusted authorities change.
	annotationGeneration = fedv1beta1.GroupName + "/ca-generation"
	// annotationFirstGeneration, on R-apiserver-certs, is the generation that
	// pods without the annotation above were started with.
	annotationFirstGeneration = fedv1beta1.GroupName + "/ca-first-generation"
)

// workload is what rolling needs to know of a Deployment or StatefulSet.
type workload struct {
	name       string
	generation string // of its pod template
	complete   bool   // all pods are of that template, and ready
	patch      func(ctx context.Context, data []byte) error
}

// roll makes the pods start anew that know other authorities than those of now.
// It does not wait for them.
func (h *hook) roll(ctx context.Context, apiserver *corev1.Secret) error {
	now := h.generation()
	first := apiserver.Annotations[annotationFirstGeneration]
	if now == first {
		return nil
	}
	all, err := h.workloads(ctx)
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{annotationGeneration: now}},
	}}})
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range all {
		if w.generation == now {
			continue
		}
		if err := w.patch(ctx, patch); err != nil {
			errs = append(errs, fmt.Errorf("roll %s so that its pods read the new authorities: %w", w.name, err))
			continue
		}
		h.report.note("%s: rolling, so that its pods read the new authorities", w.name)
	}
	return errors.Join(errs...)
}

// rolled reports whether all pods were started with the authorities of this generation.
func (h *hook) rolled(ctx context.Context, generation string) (bool, error) {
	all, err := h.workloads(ctx)
	if err != nil {
		return false, err
	}
	for _, w := range all {
		if w.generation != generation || !w.complete {
			return false, nil
		}
	}
	return true, nil
}

// workloads returns those of the control plane's that exist.
func (h *hook) workloads(ctx context.Context) ([]workload, error) {
	var all []workload
	etcd, err := h.StatefulSets.Get(ctx, h.Federation+"-etcd", metav1.GetOptions{})
	switch {
	case err == nil:
		all = append(all, h.statefulSet(etcd))
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("read statefulset %s/%s-etcd: %w", h.Namespace, h.Federation, err)
	}
	for _, name := range []string{h.Federation + "-apiserver", h.Federation + "-controller-manager"} {
		d, err := h.Deployments.Get(ctx, name, metav1.GetOptions{})
		switch {
		case err == nil:
			all = append(all, h.deployment(d))
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("read deployment %s/%s: %w", h.Namespace, name, err)
		}
	}
	return all, nil
}

func (h *hook) statefulSet(s *appsv1.StatefulSet) workload {
	want, is := replicas(s.Spec.Replicas), s.Status
	return workload{
		name:       "statefulset " + h.Namespace + "/" + s.Name,
		generation: s.Spec.Template.Annotations[annotationGeneration],
		complete: is.ObservedGeneration >= s.Generation && is.UpdatedReplicas == want &&
			is.Replicas == want && is.ReadyReplicas == want,
		patch: func(ctx context.Context, data []byte) error {
			_, err := h.StatefulSets.Patch(ctx, s.Name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
			return err
		},
	}
}

func (h *hook) deployment(d *appsv1.Deployment) workload {
	want, is := replicas(d.Spec.Replicas), d.Status
	return workload{
		name:       "deployment " + h.Namespace + "/" + d.Name,
		generation: d.Spec.Template.Annotations[annotationGeneration],
		complete: is.ObservedGeneration >= d.Generation && is.UpdatedReplicas == want &&
			is.Replicas == want && is.ReadyReplicas == want,
		patch: func(ctx context.Context, data []byte) error {
			_, err := h.Deployments.Patch(ctx, d.Name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
			return err
		},
	}
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
