package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// helmSuffix is what the ReplicaSet for Helm has behind the name of its Deployment.
const helmSuffix = "-fedhelm"

var (
	deployments = kindOf("deployments.apps")
	replicaSets = kindOf("replicasets.apps")
)

func kindOf(id kinds.ID) kinds.Kind {
	all := kinds.Default()
	return all[slices.IndexFunc(all, func(k kinds.Kind) bool { return k.ID() == id })]
}

// replicaSet is what is remembered of one that is kept for Helm, so that it is asked for no more than needed.
type replicaSet struct {
	deployment types.UID
	generation int64 // of the Deployment that it was made from
	uid        types.UID
	own        int64 // its own generation
	status     appsv1.ReplicaSetStatus
}

// keepReplicaSet keeps the ReplicaSet beside a Deployment that makes Helm 3 see its pods: Helm does not go by the status of the Deployment, but looks
// for a ReplicaSet with the same template that the Deployment controls. The federation's garbage collector deletes it with the Deployment.
func (w *Writer) keepReplicaSet(ctx context.Context, s *Snapshot, c *composed) error {
	if s.Key.Kind != deployments.ID() {
		return nil
	}
	status := aggregate.NewPods(c.parts)
	known := w.replicaSetOf(s.Key)
	if known.deployment != s.UID || known.generation != s.Generation {
		var err error
		if known, err = w.mirror(ctx, s); err != nil {
			return err
		}
	}
	status.ObservedGeneration = known.own
	if known.uid != "" && !reflect.DeepEqual(known.status, status) {
		if err := w.patchReplicaSet(ctx, s, &known, status); err != nil {
			w.forgetReplicaSet(s.Key)
			return err
		}
		known.status = status
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.helm[s.Key] = known
	return nil
}

func (w *Writer) patchReplicaSet(ctx context.Context, s *Snapshot, known *replicaSet, status appsv1.ReplicaSetStatus) error {
	patch, err := json.Marshal(map[string]any{
		"replicas": status.Replicas, "fullyLabeledReplicas": status.FullyLabeledReplicas, "readyReplicas": status.ReadyReplicas,
		"availableReplicas": status.AvailableReplicas, "observedGeneration": status.ObservedGeneration,
	})
	if err != nil {
		return err
	}
	if _, err := w.patch(ctx, replicaSets, s.Key.Namespace, s.Key.Name+helmSuffix, known.uid, nil, patch); err != nil {
		return fmt.Errorf("write the status of ReplicaSet %s/%s for Helm: %w", s.Key.Namespace, s.Key.Name+helmSuffix, err)
	}
	return nil
}

// mirror makes the ReplicaSet what the Deployment is now, and returns it; one without a UID if it cannot have one.
func (w *Writer) mirror(ctx context.Context, s *Snapshot) (replicaSet, error) {
	var d appsv1.Deployment
	err := ask(ctx, w.o.API.Get().AbsPath(deployments.Path(s.Key.Namespace, s.Key.Name)).SetHeader("Accept", "application/json"), &d)
	switch {
	case apierrors.IsNotFound(err):
		return replicaSet{}, nil
	case err != nil:
		return replicaSet{}, fmt.Errorf("read Deployment %s/%s: %w", s.Key.Namespace, s.Key.Name, err)
	case d.UID != s.UID || d.DeletionTimestamp != nil:
		return replicaSet{}, nil
	}
	rs, err := w.placeReplicaSet(ctx, &d)
	if errors.Is(err, errTaken) {
		ctrl.LoggerFrom(ctx).Error(err, "Could not keep a ReplicaSet for Helm", "replicaset", d.Name+helmSuffix)
		return replicaSet{deployment: d.UID, generation: d.Generation}, nil
	}
	if err != nil {
		return replicaSet{}, fmt.Errorf("keep ReplicaSet %s/%s for Helm: %w", d.Namespace, d.Name+helmSuffix, err)
	}
	rs.Status.Conditions = nil
	return replicaSet{deployment: d.UID, generation: d.Generation, uid: rs.UID, own: rs.Generation, status: rs.Status}, nil
}

var (
	// errTaken is the user's to mend.
	errTaken = errors.New("another ReplicaSet has the name, so that helm --wait cannot tell when the Deployment is ready; give one of the two another name")
	// errOutlived ends by itself.
	errOutlived = errors.New("that of a former Deployment of this name has not been deleted yet")
)

// placeReplicaSet returns the ReplicaSet of a Deployment as it is in the API.
func (w *Writer) placeReplicaSet(ctx context.Context, d *appsv1.Deployment) (*appsv1.ReplicaSet, error) {
	path := replicaSets.Path(d.Namespace, d.Name+helmSuffix)
	var is appsv1.ReplicaSet
	err := ask(ctx, w.o.API.Get().AbsPath(path).SetHeader("Accept", "application/json"), &is)
	if apierrors.IsNotFound(err) {
		return w.sendReplicaSet(ctx, mirrorOf(d, &appsv1.ReplicaSet{}))
	}
	if err != nil {
		return nil, err
	}
	owner := metav1.GetControllerOf(&is)
	switch {
	case is.Annotations[fedv1beta1.AnnotationFederate] != "false" || owner == nil || owner.Kind != deployments.Kind || owner.Name != d.Name:
		return nil, errTaken
	case owner.UID != d.UID || is.DeletionTimestamp != nil:
		return nil, errOutlived
	}
	shall := mirrorOf(d, &is)
	if reflect.DeepEqual(shall, &is) {
		return &is, nil
	}
	return w.sendReplicaSet(ctx, shall)
}

// sendReplicaSet makes it, or changes it if it has a UID.
func (w *Writer) sendReplicaSet(ctx context.Context, rs *appsv1.ReplicaSet) (*appsv1.ReplicaSet, error) {
	body, err := json.Marshal(rs)
	if err != nil {
		return nil, err
	}
	r := w.o.API.Post().AbsPath(replicaSets.Path(rs.Namespace, ""))
	if rs.UID != "" {
		r = w.o.API.Put().AbsPath(replicaSets.Path(rs.Namespace, rs.Name))
	}
	var is appsv1.ReplicaSet
	err = ask(ctx, r.Param("fieldManager", fieldManager).SetHeader("Accept", "application/json").
		SetHeader("Content-Type", "application/json").Body(body), &is)
	return &is, err
}

// mirrorOf is a ReplicaSet, which may be empty, as the Deployment has it.
func mirrorOf(d *appsv1.Deployment, is *appsv1.ReplicaSet) *appsv1.ReplicaSet {
	rs := is.DeepCopy()
	rs.TypeMeta = metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: replicaSets.Kind}
	rs.Namespace, rs.Name = d.Namespace, d.Name+helmSuffix
	rs.Labels = maps.Clone(d.Spec.Template.Labels)
	rs.Annotations = maps.Clone(is.Annotations)
	if rs.Annotations == nil {
		rs.Annotations = map[string]string{}
	}
	rs.Annotations[fedv1beta1.AnnotationFederate] = "false"
	rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind(deployments.Kind))}
	rs.Spec.Replicas, rs.Spec.MinReadySeconds = d.Spec.Replicas, d.Spec.MinReadySeconds
	rs.Spec.Selector, rs.Spec.Template = d.Spec.Selector, d.Spec.Template
	return rs
}

func (w *Writer) replicaSetOf(k delivery.Key) replicaSet {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.helm[k]
}

func (w *Writer) forgetReplicaSet(k delivery.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.helm, k)
}
