package describe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
)

// Event is something that happened to the object, as the federation saw it.
type Event struct {
	Type    string    `json:"type"` // Normal or Warning
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int32     `json:"count"`
	Last    time.Time `json:"last"`
}

// events are those of the object that is there now, the oldest first.
func events(ctx context.Context, client kubernetes.Interface, o *unstructured.Unstructured) ([]Event, error) {
	// Those of objects without a namespace may be in any.
	list, err := client.CoreV1().Events(o.GetNamespace()).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(o.GetUID())).String(),
	})
	if err != nil {
		return []Event{}, fmt.Errorf("list the events of %s %q: %w", o.GetKind(), o.GetName(), err)
	}
	found := make([]Event, 0, len(list.Items))
	for i := range list.Items {
		if e := &list.Items[i]; e.InvolvedObject.UID == o.GetUID() {
			found = append(found, eventOf(e))
		}
	}
	slices.SortStableFunc(found, func(a, b Event) int { return cmp.Or(a.Last.Compare(b.Last), cmp.Compare(a.Message, b.Message)) })
	return found, nil
}

// eventOf reads an event of either API: those of events.k8s.io have a series, and those of the core group a count.
func eventOf(e *corev1.Event) Event {
	count, last := e.Count, e.LastTimestamp.Time
	if last.IsZero() {
		last = e.EventTime.Time
	}
	if e.Series != nil {
		count, last = e.Series.Count, e.Series.LastObservedTime.Time
	}
	return Event{Type: e.Type, Reason: e.Reason, Message: e.Message, Count: max(count, 1), Last: cmp.Or(last, e.CreationTimestamp.Time).UTC()}
}
