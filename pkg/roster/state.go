package roster

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// State is how a member fares, in one word.
type State string

// The states of members.
const (
	Ready    State = "Ready"
	NotReady State = "NotReady"
	// Joining: registered, and the controller manager has said nothing of it yet.
	Joining State = "Joining"
	// Leaving: on its way out of the federation.
	Leaving State = "Leaving"
	// HalfJoined: the host cluster has its credentials, the federation API knows nothing of it.
	HalfJoined State = "HalfJoined"
	// Unknown: the federation API could not be asked.
	Unknown State = "Unknown"
)

// State tells how the member fares. asked says whether the federation API was, so that a missing Cluster means something.
func (m *Member) State(asked bool) State {
	switch {
	case m.Cluster == nil && asked:
		return HalfJoined
	case m.Cluster == nil:
		return Unknown
	case m.Cluster.Annotations[fedv1beta1.AnnotationLeaving] != "":
		return Leaving
	}
	ready := m.Condition(fedv1beta1.ClusterReady)
	switch {
	case ready == nil:
		return Joining
	case ready.Status == metav1.ConditionTrue:
		return Ready
	default:
		return NotReady
	}
}

// Condition returns a condition of the Cluster; nil when there is none.
func (m *Member) Condition(kind string) *metav1.Condition {
	if m.Cluster == nil {
		return nil
	}
	return meta.FindStatusCondition(m.Cluster.Status.Conditions, kind)
}
