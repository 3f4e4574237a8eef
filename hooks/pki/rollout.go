package pki

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	// annotationFirstGeneration is the generation that pods without the annotation
	// above were started with: on R-apiserver-certs that of the control plane's, on
	// each Secret of the bundled DNS server that of the pods that mount it.
	annotationFirstGeneration = fedv1beta1.GroupName + "/ca-first-generation"
)

// workload is what rolling needs to know of a Deployment or StatefulSet.
type workload struct {
	name       string
	reads      []Kind // bundles that its pods read only when they start
	leaf       string // fingerprint of the certificate that they read only then; "" if there is none
	first      string // generation that its pods were started with if its template names none
	generation string // of its pod template
	complete   bool   // all pods are of that template, and ready
	ephemeral  bool   // its data is gone with its pods
	patch      func(ctx context.Context, data []byte) error
}

// roll makes those pods start anew that know other authorities than those of
// now. It does not wait for them.
func (h *hook) roll(ctx context.Context, apiserver *corev1.Secret) error {
	first := apiserver.Annotations[annotationFirstGeneration]
	if !h.DNSEtcd && generation(h.authorities, ofAPIServer) == first {
		return nil // as in most runs, which then need to know nothing of workloads
	}
	all, err := h.workloads(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range all {
		now, began := w.wanted(h.authorities), cmp.Or(w.first, first)
		if w.generation == now || w.generation == "" && strings.Contains(","+began+",", ","+now+",") {
			continue
		}
		patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
			"metadata": map[string]any{"annotations": map[string]string{annotationGeneration: now}},
		}}})
		if err != nil {
			return err
		}
		if err := w.patch(ctx, patch); err != nil {
			errs = append(errs, fmt.Errorf("roll %s so that its pods read the new authorities: %w", w.name, err))
			continue
		}
		h.report.note("%s: rolling, so that its pods read the new authorities", w.name)
	}
	return errors.Join(errs...)
}

// rolled reports whether all pods that read the authority's bundle were started
// with that of all.
func (h *hook) rolled(ctx context.Context, k Kind, all map[Kind]*authority) (bool, error) {
	workloads, err := h.workloads(ctx)
	if err != nil {
		return false, err
	}
	for _, w := range workloads {
		if slices.Contains(w.reads, k) && (w.generation != w.wanted(all) || !w.complete) {
			return false, nil
		}
	}
	return true, nil
}

// workloads returns those of the control plane's that exist.
func (h *hook) workloads(ctx context.Context) ([]workload, error) {
	var all []workload
	etcd, err := h.etcd(ctx)
	if err != nil {
		return nil, err
	}
	if etcd != nil {
		all = append(all, *etcd)
	}
	for _, d := range []struct {
		name  string
		reads []Kind
	}{
		{h.Federation + "-apiserver", ofAPIServer},
		{h.Federation + "-controller-manager", []Kind{Cluster}},
	} {
		found, err := h.Deployments.Get(ctx, d.name, metav1.GetOptions{})
		switch {
		case err == nil:
			all = append(all, h.deployment(found, d.reads))
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("read deployment %s/%s: %w", h.Namespace, d.name, err)
		}
	}
	if h.DNSEtcd {
		ofDNS, err := h.dnsWorkloads(ctx)
		return append(all, ofDNS...), err
	}
	return all, nil
}

// etcd returns the workload of that name, nil if there is none.
func (h *hook) etcd(ctx context.Context) (*workload, error) {
	return h.etcdOf(ctx, h.Federation+"-etcd", Etcd)
}

func (h *hook) etcdOf(ctx context.Context, name string, k Kind) (*workload, error) {
	s, err := h.StatefulSets.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read statefulset %s/%s: %w", h.Namespace, name, err)
	}
	w := h.statefulSet(s, []Kind{k})
	return &w, nil
}

// wanted is the generation of pods that know what is there now.
func (w workload) wanted(all map[Kind]*authority) string {
	if w.leaf == "" {
		return generation(all, w.reads)
	}
	return generation(all, w.reads) + ",leaf=" + w.leaf
}

func (h *hook) statefulSet(s *appsv1.StatefulSet, reads []Kind) workload {
	want, is := replicas(s.Spec.Replicas), s.Status
	return workload{
		name:       "statefulset " + h.Namespace + "/" + s.Name,
		reads:      reads,
		ephemeral:  len(s.Spec.VolumeClaimTemplates) == 0 && !claims(s.Spec.Template.Spec.Volumes),
		generation: s.Spec.Template.Annotations[annotationGeneration],
		complete: is.ObservedGeneration >= s.Generation && is.UpdatedReplicas == want &&
			is.Replicas == want && is.ReadyReplicas == want,
		patch: func(ctx context.Context, data []byte) error {
			_, err := h.StatefulSets.Patch(ctx, s.Name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
			return err
		},
	}
}

func (h *hook) deployment(d *appsv1.Deployment, reads []Kind) workload {
	want, is := replicas(d.Spec.Replicas), d.Status
	return workload{
		name:       "deployment " + h.Namespace + "/" + d.Name,
		reads:      reads,
		generation: d.Spec.Template.Annotations[annotationGeneration],
		complete: is.ObservedGeneration >= d.Generation && is.UpdatedReplicas == want &&
			is.Replicas == want && is.ReadyReplicas == want,
		patch: func(ctx context.Context, data []byte) error {
			_, err := h.Deployments.Patch(ctx, d.Name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
			return err
		},
	}
}

func claims(volumes []corev1.Volume) bool {
	return slices.ContainsFunc(volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil })
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
