package shape_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// FuzzNew gives arbitrary objects of all kinds to New, and compares what comes out with what a slow and simple program would say.
func FuzzNew(f *testing.F) {
	for _, s := range sources(f) {
		data, err := s.object.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		choice := slices.IndexFunc(known, func(k kinds.Kind) bool { return k.ID() == s.kind.ID() })
		f.Add(data, byte(choice))
	}
	f.Add([]byte(`{"metadata":{"labels":{"a":"\u0000\u001f\"\\\u2028 é"}},"spec":{"":null,"creationTimestamp":null,"x":[{},[],1e300]}}`), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, choice byte) {
		k := known[int(choice)%len(known)]
		source, ok := arbitrary(data, k)
		if !ok {
			return // no object that a server could have returned: nothing is claimed of it
		}
		before := source.DeepCopy()
		template, err := shape.New(k, source, marks)
		if err != nil {
			if !errors.Is(err, shape.ErrMalformed) {
				t.Error(err)
			}
			return // nothing more is claimed of it; that errors are right has a test of its own
		}
		if diff := cmp.Diff(before.Object, source.Object); diff != "" {
			t.Fatalf("New has changed the source (-before +after):\n%s", diff)
		}
		share := shape.Share{Replicas: ptr.To[int32](3), Completions: ptr.To[int32](4), MaxReplicas: ptr.To[int32](5)}
		for _, s := range []shape.Share{{}, share} {
			var got map[string]any
			if err := json.Unmarshal(template.Body(s, shape.Precondition{}), &got); err != nil {
				t.Fatalf("the body is no JSON: %v\n%s", err, template.Body(s, shape.Precondition{}))
			}
			metadata := got["metadata"].(map[string]any)
			for _, gone := range []string{"finalizers", "ownerReferences", "managedFields", "uid", "generation"} {
				if metadata[gone] != nil {
					t.Errorf("the body has metadata.%s", gone)
				}
			}
			if _, ok := got["status"]; ok {
				t.Error("the body has a status")
			}
			if k.Resource == "rings" || k.Resource == "daemonsets" { // kinds without rules of their own
				if diff := cmp.Diff(plainly(t, before.Object, template.Hash(s)), got); diff != "" {
					t.Errorf("the body (-want +got):\n%s", diff)
				}
			}
		}
		again, err := shape.New(k, source, marks) // which goes through maps in another order
		if err != nil || again.Hash(share) != template.Hash(share) {
			t.Errorf("the hash depends on the order: %s and %s (%v)", template.Hash(share), again.Hash(share), err)
		}
	})
}

// arbitrary is an object that could be a source of the kind, with the content that fuzzing made up.
func arbitrary(data []byte, k kinds.Kind) (*unstructured.Unstructured, bool) {
	var content map[string]any
	if json.Unmarshal(data, &content) != nil || content == nil {
		return nil, false
	}
	o := &unstructured.Unstructured{Object: content}
	metadata, ok := content["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		content["metadata"] = metadata
	}
	metadata["name"], metadata["namespace"], metadata["uid"] = "one", "shire", "u"
	metadata["finalizers"] = []any{"x.org/y"}
	content["status"] = map[string]any{"phase": "Lost"}
	o.SetGroupVersionKind(k.GroupVersionKind())
	return o, true
}

// ours are names of labels and annotations that do not go along.
var ours = regexp.MustCompile(`^(federation(\.alpha)?\.kubernetes\.io/|federation\.fedhelm\.io/|deployment\.kubernetes\.io/|kubectl\.kubernetes\.io/last-applied-configuration$|deprecated\.daemonset\.template\.generation$)`)

// withoutCreationTimes returns a copy without members of that name that are null.
func withoutCreationTimes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := map[string]any{}
		for name, member := range v {
			if name != "creationTimestamp" || member != nil {
				o[name] = withoutCreationTimes(member)
			}
		}
		return o
	case []any:
		list := []any{}
		for _, item := range v {
			list = append(list, withoutCreationTimes(item))
		}
		return list
	default:
		return v
	}
}

// plainly is what New says of kinds without rules of their own.
func plainly(tb testing.TB, source map[string]any, hash string) map[string]any {
	tb.Helper()
	data, err := json.Marshal(withoutCreationTimes(source))
	if err != nil {
		tb.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(data, &o); err != nil {
		tb.Fatal(err)
	}
	delete(o, "status")
	given := o["metadata"].(map[string]any)
	labels, annotations := map[string]any{}, map[string]any{}
	for to, from := range map[string]map[string]any{"labels": labels, "annotations": annotations} {
		values, _ := given[to].(map[string]any)
		for name, value := range values {
			if !ours.MatchString(name) {
				from[name] = value
			}
		}
	}
	labels["federation.fedhelm.io/propagated-by"] = "fellowship"
	annotations["federation.fedhelm.io/hash"] = hash
	annotations["federation.fedhelm.io/federation-uid"] = string(marks.FederationUID)
	annotations["federation.fedhelm.io/source-uid"] = "u"
	o["metadata"] = map[string]any{"name": "one", "namespace": "shire", "resourceVersion": "1", "labels": labels, "annotations": annotations}
	return o
}

func TestHashChangesWithContent(t *testing.T) {
	for _, s := range sources(t) {
		template, err := shape.New(s.kind, s.object, marks)
		if err != nil {
			t.Fatal(err)
		}
		share := shape.ShareOf(s.kind, s.object)
		hashes := map[string]string{template.Hash(share): "what it was"}
		note := func(hash, change string) {
			if same := hashes[hash]; same != "" {
				t.Errorf("%s: the hash with %s is that with %s", s.file, change, same)
			}
			hashes[hash] = change
		}
		for change, edit := range map[string]func(*unstructured.Unstructured){
			"a new label":                 func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"new": "x"}) },
			"a new annotation":            func(o *unstructured.Unstructured) { o.SetAnnotations(map[string]string{"new": "x"}) },
			"another name":                func(o *unstructured.Unstructured) { o.SetName("other") },
			"another UID":                 func(o *unstructured.Unstructured) { o.SetUID("other") },
			"a new field":                 func(o *unstructured.Unstructured) { o.Object["new"] = "x" },
			"a new field of another type": func(o *unstructured.Unstructured) { o.Object["new"] = []any{"x"} },
			"a new field deep down": func(o *unstructured.Unstructured) {
				if err := unstructured.SetNestedField(o.Object, "x", "spec", "new", "deep"); err != nil {
					t.Fatal(err)
				}
			},
		} {
			changed := s.object.DeepCopy()
			edit(changed)
			template, err := shape.New(s.kind, changed, marks)
			if err != nil {
				t.Fatal(err)
			}
			note(template.Hash(share), change)
		}
		for _, other := range []shape.Marks{{Federation: "mordor", FederationUID: marks.FederationUID}, {Federation: marks.Federation, FederationUID: "other"}} {
			template, err := shape.New(s.kind, s.object, other)
			if err != nil {
				t.Fatal(err)
			}
			note(template.Hash(share), "other marks")
		}
		if s.kind.Divided != kinds.Whole {
			note(template.Hash(shape.Share{}), "no share")
		}
	}
}
