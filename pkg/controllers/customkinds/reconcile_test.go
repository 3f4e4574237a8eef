package customkinds

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// api is a federation API that is asked and written by one goroutine.
type api struct {
	client.Writer // nothing but Apply is called

	definitions []*apiextensionsv1.CustomResourceDefinition
	held        bool // objects of the kind have our finalizer
	record      map[string]string
	role        int // rules of the ClusterRole
	reads       int // of whole definitions
	broken      error
}

func (a *api) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	return nil, errors.New("not needed")
}

func (a *api) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	into := list.(*metav1.PartialObjectMetadataList) //nolint:forcetypeassert // nothing else is listed
	if into.GroupVersionKind().Kind != "CustomResourceDefinitionList" {
		if a.held {
			into.Items = []metav1.PartialObjectMetadata{{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{fedv1beta1.FinalizerPropagation}}}}
		}
		return nil
	}
	for _, d := range a.definitions {
		into.Items = append(into.Items, metav1.PartialObjectMetadata{ObjectMeta: d.ObjectMeta})
	}
	return nil
}

func (a *api) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	if a.broken != nil {
		return a.broken
	}
	if record, ok := obj.(*corev1.ConfigMap); ok {
		if a.record == nil {
			return apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, key.Name)
		}
		record.Data = maps.Clone(a.record)
		return nil
	}
	a.reads++
	i := slices.IndexFunc(a.definitions, func(d *apiextensionsv1.CustomResourceDefinition) bool { return d.Name == key.Name })
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(a.definitions[i])
	obj.(*unstructured.Unstructured).Object = content //nolint:forcetypeassert // definitions are read that way
	return err
}

func (a *api) Apply(_ context.Context, obj runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
	body, err := json.Marshal(obj)
	if err != nil {
		return err
	}
	var applied struct {
		Kind  string
		Data  map[string]string
		Rules []any
	}
	if err := json.Unmarshal(body, &applied); err != nil {
		return err
	}
	if applied.Kind == "ConfigMap" {
		a.record = applied.Data
	} else {
		a.role = len(applied.Rules)
	}
	return nil
}

func (a *api) mark(label map[string]string) {
	a.definitions[0].Labels = label
	a.definitions[0].ResourceVersion += "1"
}

func TestReconcile(t *testing.T) {
	d := definition("middle.earth", apiextensionsv1.NamespaceScoped, apiextensionsv1.ConditionTrue,
		[]apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true}})
	d.Name, d.ResourceVersion = "rings.middle.earth", "1"
	a := &api{definitions: []*apiextensionsv1.CustomResourceDefinition{d}}
	clock := testingclock.NewFakeClock(time.Now())
	f := New(Options{Definitions: a, Live: a, Writer: a, Clock: clock})
	ring := kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}
	leaving := ring
	leaving.Leaving = true
	yes := map[string]string{fedv1beta1.AnnotationFederate: "true"}

	steps := []struct {
		name   string
		do     func()
		kinds  []kinds.Kind // beside that of definitions
		record string
		again  time.Duration
	}{
		{"a definition that is not marked is nothing to us", func() {}, nil, "", lookAgain},
		{"a marked one is a kind at once, which the policy does not know yet", func() { a.mark(yes) }, []kinds.Kind{ring}, stateNew, settled},
		{"the wait is not prolonged by other events", func() { clock.Step(4 * time.Second) }, []kinds.Kind{ring}, stateNew, settled - 4*time.Second},
		{"the policy knows it when API servers do", func() { clock.Step(6 * time.Second) }, []kinds.Kind{ring}, "federated", lookAgain},
		{"not marked any more, it is leaving", func() { a.mark(nil); a.held = true }, []kinds.Kind{leaving}, stateLeaving, leaveAgain},
		{"for as long as objects are held", func() {}, []kinds.Kind{leaving}, stateLeaving, leaveAgain},
		{"then it is gone", func() { a.held = false }, nil, "", lookAgain},
		{"marked again, it is known to API servers already", func() { a.mark(yes) }, []kinds.Kind{ring}, "federated", lookAgain},
		{"a definition that is gone ends its kind", func() { a.definitions = nil }, nil, "", lookAgain},
	}
	for _, s := range steps {
		s.do()
		again, err := f.reconcile(t.Context())
		if err != nil || again != s.again {
			t.Fatalf("%s: reconcile = %s, %v; want %s", s.name, again, err, s.again)
		}
		if got, want := f.Kinds(), append([]kinds.Kind{kinds.Definitions()}, s.kinds...); !slices.Equal(got, want) {
			t.Errorf("%s: kinds %v, want %v", s.name, got, want)
		}
		if got := a.record["rings.middle.earth"]; got != s.record || a.role != len(s.kinds) {
			t.Errorf("%s: recorded %q with %d rules, want %q", s.name, got, a.role, s.record)
		}
	}
	if a.reads != 3 {
		t.Errorf("the definition was read %d times, want once for each of its versions that matter", a.reads)
	}
}

func TestReconcileChangesNothingWhenTheAPIFails(t *testing.T) {
	a := &api{broken: errors.New("out of order"), record: map[string]string{"rings.middle.earth": "federated"}}
	f := New(Options{Definitions: a, Live: a, Writer: a})
	if _, err := f.reconcile(t.Context()); !errors.Is(err, a.broken) {
		t.Errorf("reconcile = %v", err)
	}
	if f.Kinds() != nil || a.record["rings.middle.earth"] != "federated" {
		t.Errorf("kinds %v, recorded %v", f.Kinds(), a.record)
	}
}
