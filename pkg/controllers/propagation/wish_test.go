package propagation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func kindOf(t *testing.T, id kinds.ID) kinds.Kind {
	t.Helper()
	for _, k := range kinds.Default() {
		if k.ID() == id {
			return k
		}
	}
	t.Fatalf("there is no kind %q", id)
	return kinds.Kind{}
}

func TestWish(t *testing.T) {
	present := delivery.Wish{Action: delivery.Present, Source: "uid-of-motto"}
	absent := delivery.Wish{Action: delivery.Absent, Source: "uid-of-motto"}
	tests := []struct {
		name   string
		object *unstructured.Unstructured // nil: there is none
		member string                     // default: a
		want   delivery.Wish
	}{
		{name: "an object is wished of all members", object: object("motto"), want: present},
		{name: "of who is not selected it is wished that there be none", object: object("motto", selecting("b")), want: absent},
		{name: "nothing is wished of a cluster that is no member", object: object("motto"), member: "mordor"},
		{name: "nothing is wished of an object without our finalizer", object: object("motto", finalizers())},
		{name: "nothing is wished of a malformed object", object: object("motto", annotated(fedv1beta1.AnnotationV1ClusterSelector, "?"))},
		{name: "a malformed object is deleted all the same", object: object("motto", annotated(fedv1beta1.AnnotationV1ClusterSelector, "?"), deleting), want: absent},
		{name: "what is being deleted goes, also where it was not selected", object: object("motto", selecting("b"), deleting), want: absent},
		{
			name: "the orphan finalizer releases", object: object("motto", deleting, finalizers("orphan", fedv1beta1.FinalizerPropagation)),
			want: delivery.Wish{Action: delivery.Release, Source: "uid-of-motto"},
		},
		{name: "the orphan mark alone deletes nothing", object: object("motto", annotated(fedv1beta1.AnnotationOrphan, "true")), want: present},
		{name: "what is kept out goes", object: object("motto", annotated(fedv1beta1.AnnotationFederate, "false")), want: absent},
		{
			name: "what the user allows is passed on", object: object("motto", annotated(fedv1beta1.AnnotationAdopt, "true"), annotated(fedv1beta1.AnnotationOnImmutable, "recreate")),
			want: delivery.Wish{Action: delivery.Present, Source: "uid-of-motto", Adopt: true, Recreate: true},
		},
		{name: "a copy without a source is just that", want: delivery.Wish{Action: delivery.Unsourced}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a", "b")
			if tt.object != nil {
				s.see(configMaps, tt.object)
			}
			if tt.member == "" {
				tt.member = "a"
			}
			got := s.wish(tt.member, keyOf(configMaps, "shop", "motto"))
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(delivery.Wish{}, "Template")); diff != "" {
				t.Errorf("wish (-want +got):\n%s", diff)
			}
			if (got.Template != nil) != (got.Action == delivery.Present) {
				t.Errorf("the template is %v", got.Template)
			}
		})
	}
}

// What is in a namespace goes first: members' namespaces stand until nothing is left in the federation's.
func TestWishOfANamespaceThatIsBeingDeleted(t *testing.T) {
	s := newStage(t, "a")
	namespace := func(holds ...any) *unstructured.Unstructured {
		o := object("shire", deleting)
		o.Object["kind"] = "Namespace"
		o.SetNamespace("")
		delete(o.Object, "data")
		o.Object["spec"] = map[string]any{"finalizers": holds}
		return o
	}
	kind := kindOf(t, namespaces)
	for _, step := range []struct {
		name   string
		object *unstructured.Unstructured
		want   delivery.Action
	}{
		{"it stands while there is something in it", namespace("kubernetes"), delivery.Present},
		{"it goes when it is empty", namespace(), delivery.Absent},
	} {
		s.see(kind, step.object)
		if got := s.wish("a", keyOf(kind, "", "shire")); got.Action != step.want {
			t.Errorf("%s: %+v is wished", step.name, got)
		}
	}
}

func TestWishBeforeAllIsKnown(t *testing.T) {
	s := newStage(t, "a")
	key := keyOf(configMaps, "shop", "motto")
	s.sources.open(configMaps)
	if got := s.wish("a", key); got != (delivery.Wish{}) {
		t.Errorf("before all sources are known, %+v is wished", got)
	}
	s.sources.close(configMaps.ID())
	if got := s.wish("a", key); got != (delivery.Wish{}) {
		t.Errorf("of a kind that is not followed, %+v is wished", got)
	}
}

// What is planned waits for its plan, and again when the source becomes another.
func TestWishIsPlanned(t *testing.T) {
	s := newStage(t, "a", "b")
	web := func(replicas int64) *unstructured.Unstructured {
		o := object("web")
		o.Object = map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": o.Object["metadata"], "spec": map[string]any{"replicas": replicas}}
		return o
	}
	is := s.see(deployments, web(4))
	wished := func() delivery.Wish { return s.wish("a", is.key) }
	if got := wished(); got.Action != delivery.Leave {
		t.Errorf("without a plan, %+v is wished", got)
	}
	s.plan(t.Context(), is.key)
	if got := wished(); got.Action != delivery.Present || *got.Share.Replicas != 2 {
		t.Errorf("of 4 replicas for 2 members, %+v is wished", got)
	}
	if got := sorted(s.told(is.key)); len(got) != 2 {
		t.Errorf("%v are asked to look, want both", got)
	}
	s.plan(t.Context(), is.key)
	if got := s.told(is.key); len(got) != 0 {
		t.Errorf("%v are asked to look at what is the same", got)
	}
	s.see(deployments, web(6))
	if got := wished(); got.Action != delivery.Leave {
		t.Errorf("with a plan for what it was, %+v is wished", got)
	}
	s.plan(t.Context(), is.key)
	if got := wished(); *got.Share.Replicas != 3 {
		t.Errorf("of 6 replicas for 2 members, %+v is wished", got)
	}
	if got := s.told(is.key); got["a"] != delivery.User || got["b"] != delivery.User {
		t.Errorf("what a user has changed is looked at with priorities %v", got)
	}
	s.setFleet(member{name: "a", proven: true, away: true}, member{name: "b", proven: true, ready: true})
	s.plan(t.Context(), is.key)
	if got := wished(); got.Action != delivery.Leave {
		t.Errorf("of a member that is away, %+v is wished", got)
	}
	if got := s.wish("b", is.key); *got.Share.Replicas != 6 {
		t.Errorf("of who is left, %+v is wished", got)
	}
}
