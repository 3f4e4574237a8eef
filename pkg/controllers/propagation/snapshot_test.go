package propagation

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Only a cluster that was Ready once can have a copy that is not known of.
func TestASnapshotSaysWhoWasNeverReady(t *testing.T) {
	s := newStage(t, "a")
	s.setFleet(member{name: "a", proven: true}, member{name: "b"})
	is := s.see(configMaps, object("motto"))
	shot, ok := s.Snapshot(is.key)
	if !ok || len(shot.Parts) != 2 || shot.Parts[0].Unproven || !shot.Parts[1].Unproven {
		t.Errorf("the snapshot is %+v", shot)
	}
}

// What is wrong with an object itself is not put down to an annotation, which its user would look for.
func TestASnapshotSaysWhatIsMalformed(t *testing.T) {
	tests := []struct {
		name   string
		change func(*unstructured.Unstructured)
		want   bool
	}{
		{"an annotation", annotated(fedv1beta1.AnnotationV1ClusterSelector, "no selector"), false},
		{"the object", func(o *unstructured.Unstructured) { o.Object["spec"] = []any{"no", "object"} }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a")
			shot, ok := s.Snapshot(s.see(deployments, object("web", tt.change)).key)
			if !ok || shot.Problem == "" || shot.Malformed != tt.want {
				t.Errorf("the snapshot is %+v", shot)
			}
		})
	}
}
