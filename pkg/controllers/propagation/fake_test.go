package propagation

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

var configMaps = kinds.Kind{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}

// fakeAgent knows what it is told, and what it was asked to look at.
type fakeAgent struct {
	mu      sync.Mutex
	wanted  map[delivery.Key]delivery.Priority
	reports map[delivery.Key]delivery.Report
	behind  bool // its copies are not known
}

func (a *fakeAgent) Watch(kinds.Kind)            {}
func (a *fakeAgent) Survey(kinds.Kind)           {}
func (a *fakeAgent) Review(kinds.ID)             {}
func (a *fakeAgent) SetReachable(bool)           {}
func (a *fakeAgent) ReleaseBrake()               {}
func (a *fakeAgent) Standing() delivery.Standing { return delivery.Standing{} }
func (a *fakeAgent) Synced(kinds.ID) bool        { return !a.behind }

func (a *fakeAgent) Want(k delivery.Key, p delivery.Priority) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wanted[k] = max(a.wanted[k], p)
}

func (a *fakeAgent) Report(k delivery.Key) delivery.Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reports[k]
}

// stage is a controller with fake Agents, which does nothing by itself.
type stage struct {
	*Controller
	agents  map[string]*fakeAgent
	changed []delivery.Key
}

// newStage has sources of all default kinds, none yet, and members that are ready.
func newStage(t *testing.T, names ...string) *stage {
	t.Helper()
	s := &stage{agents: map[string]*fakeAgent{}}
	c, err := New(Options{
		Federation: "fellowship", API: &rest.Config{Host: "https://127.0.0.1:1"},
		Ledger:  ledger.New(fake.NewClientset().CoreV1().ConfigMaps(ledger.Namespace)),
		Changed: func(k delivery.Key) { s.changed = append(s.changed, k) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, queue := range []interface{ ShutDown() }{c.planning, c.tending, c.landing} {
			queue.ShutDown()
		}
	})
	c.marks = shape.Marks{Federation: "fellowship", FederationUID: "federation-uid"}
	s.Controller = c
	for _, k := range kinds.Default() {
		c.sources.open(k)
		c.sources.settle(k.ID(), nil)
	}
	var members []member
	for _, n := range names {
		s.agents[n] = &fakeAgent{wanted: map[delivery.Key]delivery.Priority{}, reports: map[delivery.Key]delivery.Report{}}
		c.posts.set(n, &post{name: n, agent: s.agents[n]})
		members = append(members, member{name: n, labels: map[string]string{"name": n}, proven: true, ready: true})
	}
	s.setFleet(members...)
	return s
}

func (s *stage) setFleet(members ...member) {
	s.fleet.Store(newFleet(members))
	s.counted.Store(true)
}

// see makes the controller see an object, and returns its source.
func (s *stage) see(k kinds.Kind, o *unstructured.Unstructured) *source {
	s.saw(read(k, o, s.marks, noon), false)
	is, _ := s.sources.get(keyOf(k, o.GetNamespace(), o.GetName()))
	return is
}

// told returns, and forgets, the members that were asked to look at a key, with their priorities.
func (s *stage) told(k delivery.Key) map[string]delivery.Priority {
	all := map[string]delivery.Priority{}
	for name, a := range s.agents {
		if p, ok := a.wanted[k]; ok {
			all[name] = p
			delete(a.wanted, k)
		}
	}
	return all
}

// object is a ConfigMap that has our finalizer, as changed.
func object(name string, change ...func(*unstructured.Unstructured)) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"key": "value"}}}
	o.SetNamespace("shop")
	o.SetName(name)
	o.SetUID(types.UID("uid-of-" + name))
	o.SetResourceVersion("1")
	o.SetFinalizers([]string{fedv1beta1.FinalizerPropagation})
	for _, c := range change {
		c(o)
	}
	return o
}

func annotated(name, value string) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) {
		all := o.GetAnnotations()
		if all == nil {
			all = map[string]string{}
		}
		all[name] = value
		o.SetAnnotations(all)
	}
}

func selecting(names ...string) func(*unstructured.Unstructured) {
	return annotated(fedv1beta1.AnnotationV1ClusterSelector, `[{"key":"name","operator":"In","values":["`+strings.Join(names, `","`)+`"]}]`)
}

func deleting(o *unstructured.Unstructured) {
	now := metav1.NewTime(noon)
	o.SetDeletionTimestamp(&now)
}

func finalizers(all ...string) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) { o.SetFinalizers(all) }
}

func saying(value string) func(*unstructured.Unstructured) {
	return func(o *unstructured.Unstructured) { o.Object["data"] = map[string]any{"key": value} }
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
