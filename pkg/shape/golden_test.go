package shape_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

var update = flag.Bool("update", false, "write the golden files")

var marks = shape.Marks{Federation: "fellowship", FederationUID: "7d1b5a0e-4c55-4d7c-8a6f-0c9d5f5a0001"}

// source is an object as kube-apiserver 1.36 returned it to a GET, and its kind.
type source struct {
	file   string
	kind   kinds.Kind
	object *unstructured.Unstructured
}

// sources are those in testdata: at least one of each federated kind.
func sources(tb testing.TB) []source {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.source.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no sources: %v", err)
	}
	var found []source
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(data); err != nil {
			tb.Fatal(err)
		}
		i := slices.IndexFunc(known, func(k kinds.Kind) bool { return k.GroupVersionKind() == o.GroupVersionKind() })
		found = append(found, source{file: file, kind: known[i], object: o})
	}
	return found
}

var known = append(kinds.Default(),
	kinds.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"},
	kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true},
)

func TestSourcesOfAllKinds(t *testing.T) {
	all := sources(t)
	for _, k := range known {
		if !slices.ContainsFunc(all, func(s source) bool { return s.kind.ID() == k.ID() }) {
			t.Errorf("testdata has no source of kind %s", k.ID())
		}
	}
}

func TestGolden(t *testing.T) {
	for _, s := range sources(t) {
		t.Run(strings.TrimSuffix(filepath.Base(s.file), ".source.json"), func(t *testing.T) {
			template, err := shape.New(s.kind, s.object, marks)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, template.Body(shape.ShareOf(s.kind, s.object), shape.Precondition{}), "", "  "); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(s.file, ".source.json") + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, append(got.Bytes(), '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String()+"\n", "\n")); diff != "" {
				t.Errorf("%s (-want +got); if meant, run make golden:\n%s", golden, diff)
			}
		})
	}
}
