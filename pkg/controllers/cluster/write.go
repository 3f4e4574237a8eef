package cluster

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// record keeps what was last read or written of a Cluster.
type record struct {
	clusters client.Client
	live     client.Reader
	name     string
	last     *fedv1beta1.Cluster // as it was written; the cache may not have it yet
}

// read returns the Cluster, nil if it is gone. It is not to be changed.
func (r *record) read(ctx context.Context) (*fedv1beta1.Cluster, error) {
	var cached fedv1beta1.Cluster
	err := r.clusters.Get(ctx, client.ObjectKey{Name: r.name}, &cached)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // as documented
	case err != nil:
		return nil, fmt.Errorf("read Cluster %q: %w", r.name, err)
	}
	if r.last != nil && r.last.UID == cached.UID && newer(r.last, &cached) {
		return r.last, nil
	}
	r.last = nil
	return &cached, nil
}

func newer(a, b *fedv1beta1.Cluster) bool {
	order, err := resourceversion.CompareResourceVersion(a.ResourceVersion, b.ResourceVersion)
	return err == nil && order > 0
}

// write makes the status what decide says it follows from the one before, and returns the Cluster as it was and is. Nothing is written
// when that is the same; and if somebody else wrote the Cluster meanwhile, decide is asked again.
func (r *record) write(ctx context.Context, cluster *fedv1beta1.Cluster, decide func(*fedv1beta1.Cluster) fedv1beta1.ClusterStatus) (was, is *fedv1beta1.Cluster, err error) {
	for {
		is = cluster.DeepCopy()
		is.Status = decide(cluster)
		if equality.Semantic.DeepEqual(cluster.Status, is.Status) {
			return cluster, cluster, nil
		}
		err := r.clusters.Status().Update(ctx, is)
		switch {
		case err == nil:
			r.last = is
			return cluster, is, nil
		case !apierrors.IsConflict(err):
			return nil, nil, fmt.Errorf("write the status of Cluster %q: %w", r.name, err)
		}
		var now fedv1beta1.Cluster
		if err := r.live.Get(ctx, client.ObjectKey{Name: r.name}, &now); err != nil {
			return nil, nil, fmt.Errorf("read Cluster %q: %w", r.name, err)
		}
		if now.UID != cluster.UID {
			return nil, nil, fmt.Errorf("write the status of Cluster %q: another one has its name now", r.name)
		}
		cluster = &now
	}
}

// label applies labels, if that is needed.
func (r *record) label(ctx context.Context, cluster *fedv1beta1.Cluster) error {
	if cluster.Status.Nodes == nil {
		return nil // never seen
	}
	labels := labelsToApply(cluster, topologyLabels(cluster.Status))
	if labels == nil {
		return nil
	}
	apply := &unstructured.Unstructured{}
	apply.SetGroupVersionKind(fedv1beta1.SchemeGroupVersion.WithKind("Cluster"))
	apply.SetName(cluster.Name)
	apply.SetUID(cluster.UID) // or else one that was deleted meanwhile would come back
	apply.SetLabels(labels)
	if err := r.clusters.Apply(ctx, client.ApplyConfigurationFromUnstructured(apply), client.FieldOwner(labelOwner)); err != nil {
		return fmt.Errorf("label Cluster %q by zone and region: %w", r.name, err)
	}
	return nil
}
