package join

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

type objectMeta = metav1.PartialObjectMetadata

// object is any object of the member.
func object(apiVersion, kind, namespace, name string, change ...func(*objectMeta)) *objectMeta {
	o := &objectMeta{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, UID: types.UID(kind + "-" + name), Labels: map[string]string{"app": name}, Annotations: map[string]string{"note": "the user's"}},
	}
	for _, c := range change {
		c(o)
	}
	return o
}

// marked is an object that the federation put there.
func marked(apiVersion, kind, namespace, name string, change ...func(*objectMeta)) *objectMeta {
	return object(apiVersion, kind, namespace, name, append([]func(*objectMeta){markedBy("fellowship", fedUID)}, change...)...)
}

func markedBy(name, uid string) func(*objectMeta) {
	return func(o *objectMeta) {
		o.Labels[fedv1beta1.LabelPropagatedBy] = name
		if uid != "" {
			o.Annotations[fedv1beta1.AnnotationFederationUID], o.Annotations[fedv1beta1.AnnotationSourceUID] = uid, "source"
			o.Annotations[fedv1beta1.AnnotationHash] = "0123456789abcdef"
		}
	}
}

// middleEarth is what the member holds: the federation's, others', and what is derived from the federation's.
func middleEarth() []runtime.Object {
	return []runtime.Object{
		marked("v1", "Namespace", "", "shire"), marked("v1", "ConfigMap", "shire", "seeds"), marked("apps/v1", "Deployment", "shire", "mill"), marked("v1", "Service", "shire", "mill"),
		object("discovery.k8s.io/v1", "EndpointSlice", "shire", "mill-1", markedBy("fellowship", "")),
		object("apps/v1", "ReplicaSet", "shire", "mill-1", func(o *objectMeta) {
			o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "mill"}}
		}),
		marked("v1", "Namespace", "", "bree"), marked("v1", "Secret", "bree", "pony"), object("v1", "PersistentVolumeClaim", "bree", "cellar"),
		object("v1", "Namespace", "", "mordor"), object("v1", "Secret", "mordor", "ring"),
		object("v1", "ConfigMap", "bree", "councils", markedBy("council", "uid-of-council")),
		object("v1", "ConfigMap", "bree", "lost", markedBy("fellowship", "uid-of-a-fellowship-before")),
		marked("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "rings.middle.earth"),
	}
}

func (p *parting) all(t *testing.T) map[string]*objectMeta {
	t.Helper()
	found := map[string]*objectMeta{}
	for _, list := range p.member.Resources {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			items, err := p.objects.Resource(version.WithResource(r.Name)).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range items.Items {
				o := &items.Items[i]
				found[strings.TrimPrefix(r.Name+" "+o.Namespace+"/"+o.Name, "/")] = o
			}
		}
	}
	return found
}

func (p *parting) stillMarked(t *testing.T) []string {
	t.Helper()
	var found []string
	for name, o := range p.all(t) {
		if o.Annotations[fedv1beta1.AnnotationFederationUID] == fedUID || o.Annotations[fedv1beta1.AnnotationSourceUID] != "" && o.Labels[fedv1beta1.LabelPropagatedBy] == "" {
			found = append(found, name)
		}
	}
	return found
}

func TestKeptWorkloadsLoseTheMarksAndNothingElse(t *testing.T) {
	p := newParting(t, middleEarth()...)
	before := p.all(t)
	if _, err := Unjoin(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	after := p.all(t)
	for name, o := range before {
		if o.Annotations[fedv1beta1.AnnotationFederationUID] == fedUID {
			delete(o.Labels, fedv1beta1.LabelPropagatedBy)
			delete(o.Annotations, fedv1beta1.AnnotationFederationUID)
			delete(o.Annotations, fedv1beta1.AnnotationSourceUID)
			delete(o.Annotations, fedv1beta1.AnnotationHash)
		}
		if diff := cmp.Diff(o, after[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(after) != len(before) {
		t.Errorf("there were %d objects, and are %d", len(before), len(after))
	}
}

func TestDeletedWorkloadsTakeNothingOfOthersWithThem(t *testing.T) {
	tests := []struct {
		name    string
		further []runtime.Object
		gone    []string
		kept    []string // in spite of having been the federation's
	}{
		{
			name: "namespaces and definitions go when nobody has anything in them",
			gone: []string{"namespaces /shire", "configmaps shire/seeds", "deployments shire/mill", "services shire/mill", "secrets bree/pony", "customresourcedefinitions /rings.middle.earth"},
			kept: []string{"namespaces /bree"},
		},
		{
			name:    "a definition with an instance of the user's stays",
			further: []runtime.Object{object("middle.earth/v1", "Ring", "mordor", "one")},
			gone:    []string{"namespaces /shire"},
			kept:    []string{"customresourcedefinitions /rings.middle.earth", "namespaces /bree"},
		},
		{
			name:    "a definition goes with the federation's own instances",
			further: []runtime.Object{marked("middle.earth/v1", "Ring", "shire", "copy")},
			gone:    []string{"rings shire/copy", "customresourcedefinitions /rings.middle.earth", "namespaces /shire"},
		},
		{
			name: "what is on its way out keeps no namespace",
			further: []runtime.Object{object("v1", "Secret", "shire", "slow", func(o *objectMeta) {
				o.DeletionTimestamp, o.Finalizers = &metav1.Time{Time: time.Now()}, []string{"example.com/slow"}
			})},
			gone: []string{"namespaces /shire"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newParting(t, append(middleEarth(), tt.further...)...)
			before := p.all(t)
			o := p.options()
			o.Workloads = DeleteWorkloads
			if _, err := Unjoin(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			after := p.all(t)
			for name, was := range before {
				mine := was.Annotations[fedv1beta1.AnnotationFederationUID] == fedUID
				switch {
				case slices.Contains(tt.gone, name) && after[name] != nil:
					t.Errorf("%s is still there", name)
				case slices.Contains(tt.kept, name) && (after[name] == nil || after[name].Labels[fedv1beta1.LabelPropagatedBy] != ""):
					t.Errorf("%s is %v; want it there, without marks", name, after[name])
				case !mine && after[name] == nil:
					t.Errorf("%s was not the federation's, and is gone", name)
				}
			}
		})
	}
}

func TestWhatTookAnObjectsPlaceIsLeftAlone(t *testing.T) {
	for _, workloads := range []Workloads{KeepWorkloads, DeleteWorkloads} {
		t.Run(string(workloads), func(t *testing.T) {
			p := newParting(t, marked("v1", "ConfigMap", "shire", "seeds"))
			conflict := apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "seeds", nil)
			another := object("v1", "ConfigMap", "shire", "seeds", func(o *objectMeta) { o.UID = "another" })
			for _, verb := range []string{"patch", "delete"} {
				p.objects.PrependReactor(verb, "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
					err := p.objects.Tracker().Update(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, another, "shire")
					if err != nil {
						t.Error(err)
					}
					return true, nil, conflict // as an API server does for the UID of the one before
				})
			}
			o := p.options()
			o.Workloads = workloads
			if _, err := Unjoin(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(another, p.all(t)["configmaps shire/seeds"]); diff != "" {
				t.Errorf("it was changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnObjectThatChangesMeanwhileIsTriedAgain(t *testing.T) {
	p := newParting(t, marked("v1", "ConfigMap", "shire", "seeds"))
	conflicts := 2
	p.objects.PrependReactor("patch", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		conflicts--
		return conflicts >= 0, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "seeds", nil)
	})
	if _, err := Unjoin(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	if still := p.stillMarked(t); len(still) > 0 {
		t.Errorf("still marked: %v", still)
	}
}

func TestWorkloadsOfAnUnknownFederationStay(t *testing.T) {
	p := newParting(t, middleEarth()...)
	if err := p.member.CoreV1().ServiceAccounts(p.ref.Namespace).Delete(t.Context(), p.ref.MemberRelease(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.helm.info = nil
	before := p.all(t)
	o := p.options()
	o.Force, o.Workloads = true, DeleteWorkloads
	o.Federation.Unusable, o.Federation.Clusters, o.Federation.UID = errors.New("connection refused"), nil, "" // nobody says who it is
	got, err := Unjoin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, p.all(t)); diff != "" {
		t.Errorf("objects that may be another federation's of that name (-before +after):\n%s", diff)
	}
	if !slices.ContainsFunc(got.Left, func(l Leftover) bool { return strings.Contains(l.Object, "propagated-by=fellowship") }) {
		t.Errorf("it says that this stays: %v", got.Left)
	}
}
