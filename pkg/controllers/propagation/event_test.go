package propagation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// What members are asked to look at when a source becomes another.
func TestSaw(t *testing.T) {
	const orphan = metav1.FinalizerOrphanDependents
	excluded := annotated(fedv1beta1.AnnotationFederate, "false")
	type change = func(*unstructured.Unstructured)
	tests := []struct {
		name          string
		before, after []change
		want          []string
	}{
		{name: "a change goes to all", after: []change{saying("other")}, want: []string{"a", "b", "c"}},
		{name: "nothing goes anywhere when nothing has changed", after: []change{}},
		{name: "our own notes are no change", after: []change{annotated(fedv1beta1.AnnotationPropagation, "synced 3/3")}},
		{name: "a change goes only to who is selected", before: []change{selecting("b")}, after: []change{selecting("b"), saying("other")}, want: []string{"b"}},
		{name: "a change of the selector goes to who was selected, too", before: []change{selecting("a", "b")}, after: []change{selecting("b", "c")}, want: []string{"a", "b", "c"}},
		{name: "a malformed selector goes nowhere", before: []change{selecting("b")}, after: []change{annotated(fedv1beta1.AnnotationV1ClusterSelector, "b")}, want: nil},
		{name: "what is deleted goes to who is selected", before: []change{selecting("b")}, after: []change{selecting("b"), deleting}, want: []string{"b"}},
		{name: "that the orphan finalizer goes is no change, with the mark that says so", before: []change{deleting, finalizers(orphan, fedv1beta1.FinalizerPropagation)},
			after: []change{deleting, annotated(fedv1beta1.AnnotationOrphan, "true")}},
		{name: "nor without it: that it was there is remembered", before: []change{deleting, finalizers(orphan, fedv1beta1.FinalizerPropagation)}, after: []change{deleting}},
		{name: "what has lost our finalizer waits for it", after: []change{finalizers(), saying("other")}},
		{name: "what is let go is no member's business any more", before: []change{deleting}, after: []change{deleting, finalizers("somebody/else")}},
		{name: "what is kept out goes to all", after: []change{excluded}, want: []string{"a", "b", "c"}},
		{name: "what was never in is nobody's business", before: []change{excluded, finalizers()}, after: []change{excluded, finalizers(), saying("other")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a", "b", "c")
			before := s.see(configMaps, object("motto", tt.before...))
			s.told(before.key)
			s.see(configMaps, object("motto", tt.after...))
			if diff := cmp.Diff(tt.want, sorted(s.told(before.key))); diff != "" {
				t.Errorf("asked to look (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPriorities(t *testing.T) {
	s := newStage(t, "a")
	for name, tt := range map[string]struct {
		old    bool
		change func(*unstructured.Unstructured)
		want   delivery.Priority
	}{
		"what was in order before is looked at in its turn": {old: true, change: annotated(fedv1beta1.AnnotationPropagation, "synced 12/12"), want: delivery.Recheck},
		"what was not in order is somebody's wish":          {old: true, change: annotated(fedv1beta1.AnnotationPropagation, "synced 11/12; rohan: Conflict"), want: delivery.User},
		"what was never looked at is somebody's wish":       {old: true, change: saying("one"), want: delivery.User},
		"what is new is somebody's wish":                    {change: annotated(fedv1beta1.AnnotationPropagation, "synced 12/12"), want: delivery.User},
	} {
		t.Run(name, func(t *testing.T) {
			is := read(configMaps, object("motto", tt.change), s.marks, noon)
			s.sources.remove(is.key)
			s.saw(is, tt.old)
			if got := s.told(is.key)["a"]; got != tt.want {
				t.Errorf("priority %d, want %d", got, tt.want)
			}
		})
	}
}

// What a member is told of a key whose source is not there any more.
func TestGone(t *testing.T) {
	absent, unsourced := delivery.Wish{Action: delivery.Absent, Source: "uid-of-motto"}, delivery.Wish{Action: delivery.Unsourced}
	orphaned := delivery.Wish{Action: delivery.Release, Source: "uid-of-motto"}
	type change = func(*unstructured.Unstructured)
	tests := []struct {
		name   string
		before []change
		gone   func(*stage, *source)
		want   delivery.Wish
	}{
		{name: "a deletion that was seen deletes", gone: func(s *stage, is *source) { s.deleted(is) }, want: absent},
		{name: "an object that vanished may have been lost", gone: func(s *stage, is *source) { s.vanished(is.key) }, want: unsourced},
		{name: "an object that was being deleted, and vanished, was deleted", before: []change{deleting}, gone: func(s *stage, is *source) { s.vanished(is.key) }, want: absent},
		{
			name: "an orphan's copies are released", before: []change{deleting, annotated(fedv1beta1.AnnotationOrphan, "true")},
			gone: func(s *stage, is *source) { s.deleted(is) }, want: orphaned,
		},
		{
			name: "what we let go has no copies: one that comes to light has no source", before: []change{deleting},
			gone: func(s *stage, is *source) { s.waits.release(is.key, is.uid); s.deleted(is) }, want: unsourced,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a")
			is := s.see(configMaps, object("motto", tt.before...))
			s.told(is.key)
			tt.gone(s, is)
			if got := s.wish("a", is.key); got != tt.want {
				t.Errorf("the wish is %+v, want %+v", got, tt.want)
			}
			if len(s.told(is.key)) == 0 {
				t.Error("and yet nobody is asked to look")
			}
			s.see(configMaps, object("motto", saying("again")))
			if got := s.wish("a", is.key); got.Action != delivery.Present {
				t.Errorf("when it is there again, the wish is %+v", got)
			}
		})
	}
}

func TestLostFederation(t *testing.T) {
	s := newStage(t, "a")
	system := object("kube-system")
	system.SetNamespace("")
	system.SetUID("another")
	s.see(kindOf(t, "namespaces"), system)
	select {
	case err := <-s.fatal:
		t.Logf("it ends with: %v", err)
	default:
		t.Error("the controller goes on although the federation is another one")
	}
}
