package customkinds

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/admission"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// fieldOwner is whose fields the ConfigMap and the ClusterRole have.
const fieldOwner = "fedhelm-custom-kinds"

// What the record says, beside admission.StateFederated.
const (
	stateNew     = "new"     // federated, but not known to the policy yet
	stateLeaving = "leaving" // not marked any more
)

// recorded is what the admission policy goes by: a state for each kind. It outlives this process, and so do kinds that are leaving.
func (f *Follower) recorded(ctx context.Context) (map[string]string, error) {
	var record corev1.ConfigMap
	key := client.ObjectKey{Namespace: metav1.NamespaceSystem, Name: admission.CustomKinds}
	if err := f.o.Live.Get(ctx, key, &record); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("read ConfigMap %q: %w", key, err)
	}
	return record.Data, nil
}

// record applies the rights before the record: what the policy puts a finalizer on, the controller manager can take it off again.
func (f *Follower) record(ctx context.Context, all []kinds.Kind, states map[kinds.ID]string) error {
	labels := map[string]string{"app.kubernetes.io/managed-by": "fedhelm", "app.kubernetes.io/part-of": "federation"}
	role := rbacv1ac.ClusterRole(admission.CustomKindsRole).WithLabels(labels)
	record := corev1ac.ConfigMap(admission.CustomKinds, metav1.NamespaceSystem).WithLabels(labels)
	data := map[string]string{}
	for _, k := range all {
		if k.ID() == kinds.CRD {
			continue // of the policy and the rights that are there from the start
		}
		role.WithRules(rbacv1ac.PolicyRule().WithAPIGroups(k.Group).WithResources(k.Resource).WithVerbs("get", "list", "watch", "patch"))
		data[string(k.ID())] = states[k.ID()]
	}
	record.WithData(data)
	if err := f.o.Writer.Apply(ctx, role, client.FieldOwner(fieldOwner), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply ClusterRole %q: %w", admission.CustomKindsRole, err)
	}
	if err := f.o.Writer.Apply(ctx, record, client.FieldOwner(fieldOwner), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply ConfigMap %q of namespace %q: %w", admission.CustomKinds, metav1.NamespaceSystem, err)
	}
	return nil
}
