package workload_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
)

func TestTheSameSeedMakesTheSameObjects(t *testing.T) {
	set := workload.Set{Prefix: "bench", Seed: 7}
	some, more := set.Objects(250), set.Objects(300)
	for i := range some {
		if !reflect.DeepEqual(some[i], more[i]) {
			t.Errorf("object %d is %s, and then %s", i, some[i].Body, more[i].Body)
		}
	}
	set.Seed = 8
	if set.Object(1).Name == "" || string(set.Object(1).Body) == string((workload.Set{Prefix: "bench", Seed: 7}).Object(1).Body) {
		t.Error("another seed makes the same object")
	}
}

func TestObjectsAreOnesThatKubernetesKnows(t *testing.T) {
	seen := map[string]int{}
	namespace := ""
	for i, o := range (workload.Set{Prefix: "bench", Labels: map[string]string{"run": "1"}}).Objects(1000) {
		seen[o.Kind.Kind]++
		if o.Kind.Kind == "Namespace" {
			namespace = o.Name
		} else if o.Namespace != namespace {
			t.Errorf("object %d is in %q, and the last namespace was %q", i, o.Namespace, namespace)
		}
		typed, err := scheme.Scheme.New(o.Kind.GroupVersionKind())
		if err != nil {
			t.Fatal(err)
		}
		var u unstructured.Unstructured
		if err := json.Unmarshal(o.Body, &u.Object); err != nil {
			t.Fatal(err)
		}
		if u.GetLabels()["run"] != "1" || u.GetName() != o.Name || u.GetNamespace() != o.Namespace || u.GroupVersionKind() != o.Kind.GroupVersionKind() {
			t.Errorf("object %d is %s %s/%s with labels %v", i, u.GroupVersionKind(), u.GetNamespace(), u.GetName(), u.GetLabels())
		}
		decoder := scheme.Codecs.UniversalDeserializer()
		if _, _, err := decoder.Decode(o.Body, nil, typed); err != nil {
			t.Errorf("object %d: %v", i, err)
		}
	}
	if seen["Namespace"] != workload.Namespaces(1000) || len(seen) < 6 {
		t.Errorf("kinds are %v", seen)
	}
}

func TestNamespacesAreCounted(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 100: 1, 101: 2, 1000: 10} {
		if got := workload.Namespaces(n); got != want {
			t.Errorf("Namespaces(%d) = %d, want %d", n, got, want)
		}
	}
}
