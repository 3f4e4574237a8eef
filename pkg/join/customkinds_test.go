package join

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// define puts a definition into the federation API.
func (m *meeting) define(name string, labels map[string]string) {
	m.t.Helper()
	m.must(m.definitions.Tracker().Create(kinds.Definitions().GroupVersionResource(), &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
	}, ""))
}

func TestJoinGrantsMarkedKinds(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	granted := func() any {
		rbac, _ := m.helm.values["rbac"].(map[string]any)
		return rbac["customKinds"]
	}
	if _, err := m.join(m.options()); err != nil {
		t.Fatal(err)
	}
	if got := granted(); got != nil {
		t.Errorf("no kind is marked, and the member grants %v", got)
	}
	m.define("rings.middle.earth", map[string]string{fedv1beta1.AnnotationFederate: "true"})
	m.define("swords.middle.earth", nil)
	o := m.options()
	o.Refresh = true
	if _, err := m.join(o); err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{"group": "middle.earth", "resources": []any{"rings"}}}
	if diff := cmp.Diff(any(want), granted()); diff != "" {
		t.Errorf("after --refresh (-want +got):\n%s", diff)
	}
}
