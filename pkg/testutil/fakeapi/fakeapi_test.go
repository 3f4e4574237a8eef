package fakeapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

var (
	namespaces  = kinds.Default()[0]
	configMaps  = kinds.Default()[1]
	deployments = kinds.Default()[5]
)

const manager = "fedhelm-propagation"

func start(t *testing.T, o fakeapi.Options) (*fakeapi.API, dynamic.Interface, metadata.Interface) {
	t.Helper()
	api := fakeapi.New(o)
	server := fakeapi.Serve(api)
	t.Cleanup(server.Close)
	return api, dynamic.NewForConfigOrDie(server.Config()), metadata.NewForConfigOrDie(server.Config())
}

// apply applies a ConfigMap of namespace default; precondition is a member of its metadata, or "".
func apply(t *testing.T, client dynamic.Interface, name, precondition, data string) (*unstructured.Unstructured, error) {
	t.Helper()
	body := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"default","name":"` + name + `",` + precondition +
		`"labels":{"of":"us"}},"data":` + data + `}`
	return client.Resource(configMaps.GroupVersionResource()).Namespace("default").
		Patch(t.Context(), name, types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: manager, Force: new(true)})
}

func TestApplyMakesWhatIsNotThereAndChangesNothingThatIs(t *testing.T) {
	api, client, _ := start(t, fakeapi.Options{})
	made, err := apply(t, client, "a", `"resourceVersion":"1",`, `{"k":"1"}`)
	if err != nil {
		t.Fatal(err)
	}
	if made.GetUID() == "" || made.GetResourceVersion() == "" || made.GetCreationTimestamp().Unix() <= 0 {
		t.Errorf("metadata is %v", made.Object["metadata"])
	}
	if _, err := apply(t, client, "a", `"resourceVersion":"1",`, `{"k":"2"}`); !apierrors.IsConflict(err) {
		t.Errorf("a second time: %v, want a conflict", err)
	}
	o, _ := api.Get(configMaps, "default", "a")
	if string(o.Body) != `{"data":{"k":"1"}}` {
		t.Errorf("it has become %s", o.Body)
	}
}

func TestApplyWithTheUID(t *testing.T) {
	api, client, _ := start(t, fakeapi.Options{})
	made, err := apply(t, client, "a", "", `{"k":"1"}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply(t, client, "a", `"uid":"`+string(made.GetUID())+`",`, `{"k":"2"}`); err != nil {
		t.Error(err)
	}
	if _, err := apply(t, client, "a", `"uid":"other",`, `{"k":"3"}`); !apierrors.IsConflict(err) {
		t.Errorf("another UID: %v, want a conflict", err)
	}
	if _, err := apply(t, client, "gone", `"uid":"other",`, `{"k":"3"}`); !apierrors.IsConflict(err) {
		t.Errorf("a UID of what is not there: %v, want a conflict", err)
	}
	before := api.Version()
	if _, err := apply(t, client, "a", `"uid":"`+string(made.GetUID())+`",`, `{"k":"2"}`); err != nil || api.Version() != before {
		t.Errorf("the same again: %v, and version %d has become %d", err, before, api.Version())
	}
}

func TestObjectsNeedTheirNamespace(t *testing.T) {
	api, client, _ := start(t, fakeapi.Options{})
	shop := func() error {
		_, err := client.Resource(configMaps.GroupVersionResource()).Namespace("shop").Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "shop", "name": "a"},
		}}, metav1.CreateOptions{})
		return err
	}
	if err := shop(); !apierrors.IsNotFound(err) {
		t.Errorf("without its namespace: %v, want not found", err)
	}
	if err := api.Put(namespaces, "somebody", []byte(`{"metadata":{"name":"shop"}}`)); err != nil {
		t.Fatal(err)
	}
	if err := shop(); err != nil {
		t.Error(err)
	}
	if err := client.Resource(namespaces.GroupVersionResource()).Delete(t.Context(), "shop", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if n := api.Count(); n != 0 {
		t.Errorf("%d objects are left after the namespace", n)
	}
}

func TestManagedFields(t *testing.T) {
	_, client, _ := start(t, fakeapi.Options{})
	fields := func() map[string]string {
		t.Helper()
		o, err := client.Resource(configMaps.GroupVersionResource()).Namespace("default").Get(t.Context(), "a", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, m := range o.GetManagedFields() {
			all[m.Manager+" "+string(m.Operation)] = m.FieldsV1.GetRawString()
		}
		return all
	}
	if _, err := apply(t, client, "a", "", `{"k":"1","l":"1"}`); err != nil {
		t.Fatal(err)
	}
	want := `{"f:data":{"f:k":{},"f:l":{}},"f:metadata":{"f:labels":{"f:of":{}}}}`
	if got := fields()[manager+" Apply"]; got != want {
		t.Errorf("after an apply:\n%s\nwant\n%s", got, want)
	}
	if _, err := client.Resource(configMaps.GroupVersionResource()).Namespace("default").
		Patch(t.Context(), "a", types.MergePatchType, []byte(`{"data":{"k":"by hand"}}`), metav1.PatchOptions{FieldManager: "kubectl"}); err != nil {
		t.Fatal(err)
	}
	if got, want := fields()[manager+" Apply"], `{"f:data":{"f:l":{}},"f:metadata":{"f:labels":{"f:of":{}}}}`; got != want {
		t.Errorf("after somebody changed a field:\n%s\nwant\n%s", got, want)
	}
	if got, want := fields()["kubectl Update"], `{"f:data":{"f:k":{}}}`; got != want {
		t.Errorf("who changed it owns\n%s\nwant\n%s", got, want)
	}
	if _, err := apply(t, client, "a", "", `{"k":"1","l":"1"}`); err != nil {
		t.Fatal(err)
	}
	if got := fields(); len(got) != 1 || got[manager+" Apply"] != want {
		t.Errorf("after it was put back: %v", got)
	}
}

func TestItemsOfListsAreOwnedByTheirKeys(t *testing.T) {
	api, _, _ := start(t, fakeapi.Options{})
	body := `{"metadata":{"namespace":"default","name":"a"},"spec":{"args":["x"],"containers":[{"name":"c","ports":[{"containerPort":80}]}]}}`
	if err := api.Put(deployments, manager, []byte(body)); err != nil {
		t.Fatal(err)
	}
	want := `{"f:spec":{"f:args":{},"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}`
	server := fakeapi.Serve(api)
	defer server.Close()
	o, err := metadata.NewForConfigOrDie(server.Config()).Resource(deployments.GroupVersionResource()).Namespace("default").Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := o.ManagedFields[0].FieldsV1.GetRawString(); got != want {
		t.Errorf("owned are\n%s\nwant\n%s", got, want)
	}
}

// A reflector of client-go lists and watches in the way of its version.
func TestReflectorsSeeWhatHappens(t *testing.T) {
	api, client, meta := start(t, fakeapi.Options{})
	if _, err := apply(t, client, "before", "", `{}`); err != nil {
		t.Fatal(err)
	}
	if err := api.Put(configMaps, "somebody", []byte(`{"metadata":{"namespace":"default","name":"foreign"}}`)); err != nil {
		t.Fatal(err)
	}
	store := cache.NewStore(cache.MetaNamespaceKeyFunc)
	resource := meta.Resource(configMaps.GroupVersionResource())
	ours := func(o *metav1.ListOptions) { o.LabelSelector = "of=us" }
	reflector := cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			ours(&o)
			return resource.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			ours(&o)
			return resource.Watch(ctx, o)
		},
	}, meta), &metav1.PartialObjectMetadata{}, store, cache.ReflectorOptions{})
	go reflector.RunWithContext(t.Context())
	sees := func(want ...string) {
		t.Helper()
		eventually.Do(t, 10*time.Second, fmt.Sprintf("the reflector to see %v", want), func() error {
			keys := store.ListKeys()
			slices.Sort(keys)
			if !slices.Equal(keys, want) {
				return fmt.Errorf("it sees %v", keys)
			}
			return nil
		})
	}
	sees("default/before")
	if _, err := apply(t, client, "after", "", `{}`); err != nil {
		t.Fatal(err)
	}
	sees("default/after", "default/before")
	if err := api.Put(configMaps, "somebody", []byte(`{"metadata":{"namespace":"default","name":"before"}}`)); err != nil {
		t.Fatal(err)
	}
	sees("default/after") // the label has gone
	api.Delete(configMaps, "default", "after")
	sees()
	api.Reset()
	if _, err := apply(t, client, "anew", "", `{}`); err != nil {
		t.Fatal(err)
	}
	sees("default/anew")
}

func TestControllersSetTheStatus(t *testing.T) {
	api, _, _ := start(t, fakeapi.Options{Controllers: func(_ kinds.Kind, o fakeapi.Object) (json.RawMessage, time.Duration) {
		return fmt.Appendf(nil, `{"observedGeneration":%d}`, o.Generation), time.Millisecond
	}})
	for generation, replicas := range []string{"1", "2"} {
		if err := api.Put(deployments, manager, []byte(`{"metadata":{"namespace":"default","name":"a"},"spec":{"replicas":`+replicas+`}}`)); err != nil {
			t.Fatal(err)
		}
		eventually.Do(t, 5*time.Second, "the status", func() error {
			o, _ := api.Get(deployments, "default", "a")
			if want := fmt.Sprintf(`{"observedGeneration":%d}`, generation+1); string(o.Status) != want {
				return fmt.Errorf("it is %s, want %s", o.Status, want)
			}
			return nil
		})
	}
}

func TestFaultsAndLatency(t *testing.T) {
	var ill atomic.Bool
	api := fakeapi.New(fakeapi.Options{
		Latency: func() time.Duration { return 40 * time.Millisecond },
		Intercept: func(w http.ResponseWriter, _ *http.Request) bool {
			if ill.Load() {
				w.WriteHeader(http.StatusTooManyRequests)
			}
			return ill.Load()
		},
	})
	server := fakeapi.Serve(api)
	defer server.Close()
	client := metadata.NewForConfigOrDie(server.Config()).Resource(namespaces.GroupVersionResource())
	began := time.Now()
	if list, err := client.List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) != 2 {
		t.Errorf("List: %v, %v", list, err)
	}
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	ill.Store(true)
	if _, err := client.Get(t.Context(), "default", metav1.GetOptions{}); !apierrors.IsTooManyRequests(err) {
		t.Errorf("while ill: %v", err)
	}
}

func TestParsedIsSharedAndDeletionHasPreconditions(t *testing.T) {
	var parsed fakeapi.Parsed
	for range 2 {
		api, client, _ := start(t, fakeapi.Options{Parsed: &parsed})
		made, err := apply(t, client, "a", `"resourceVersion":"1",`, `{}`)
		if err != nil {
			t.Fatal(err)
		}
		of := client.Resource(configMaps.GroupVersionResource()).Namespace("default")
		other, uid := types.UID("other"), made.GetUID()
		if err := of.Delete(t.Context(), "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}}); !apierrors.IsConflict(err) {
			t.Errorf("another UID: %v, want a conflict", err)
		}
		if err := of.Delete(t.Context(), "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}); err != nil {
			t.Error(err)
		}
		if all := api.List(configMaps, labels.Everything()); len(all) != 0 {
			t.Errorf("left are %v", all)
		}
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	_, client, _ := start(t, fakeapi.Options{Kinds: []kinds.Kind{configMaps}})
	_, err := client.Resource(deployments.GroupVersionResource()).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsNotFound(err) || !strings.Contains(err.Error(), "could not find the requested resource") {
		t.Errorf("a kind that is not served: %v", err)
	}
}
