package prune

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

var rings = schema.GroupVersionKind{Group: "middle.earth", Version: "v1", Kind: "Ring"}

const index = `{"paths":{"apis/middle.earth/v1":{"serverRelativeURL":"/openapi/v3/apis/middle.earth/v1?hash=AB%2BC"}}}`

// document has a schema of Ring with these properties.
func document(properties string) string {
	return `{"openapi":"3.0.0","paths":{"/x":{}},"components":{"schemas":{
		"earth.Other":{"x-kubernetes-group-version-kind":[{"group":"middle.earth","version":"v1","kind":"Other"}]},
		"earth.Ring":{"properties":{` + properties + `},"x-kubernetes-group-version-kind":[{"group":"other","version":"v1","kind":"Ring"},{"group":"middle.earth","version":"v1","kind":"Ring"}]},
		"earth.Gem":{"properties":{"colour":{"type":"string"},"set":{"allOf":[{"$ref":"#/components/schemas/earth.Gem"}]}}},
		"earth.Cut":{"properties":{"facets":{"type":"integer"}}},
		"earth.Loop":{"allOf":[{"$ref":"#/components/schemas/earth.Loop"}]}
	}}}`
}

func TestPrune(t *testing.T) {
	const gem = `{"$ref":"#/components/schemas/earth.Gem"}`
	tests := []struct {
		name       string
		properties string
		body, want string
		paths      []string
	}{
		{name: "what is known stays as it is", properties: `"a":{"type":"object"},"n":{"type":"integer"}`, body: `{"n": 9007199254740993, "a": {}}`, want: `{"n": 9007199254740993, "a": {}}`},
		{name: "a field at the top", properties: `"a":{}`, body: `{"a":{"x":1},"b":{"c":1}}`, want: `{"a":{"x":1}}`, paths: []string{".b"}},
		{name: "large numbers beside it do not change", properties: `"a":{}`, body: `{"a":9007199254740993,"b":1}`, want: `{"a":9007199254740993}`, paths: []string{".b"}},
		{
			name: "behind a reference", properties: `"gem":` + gem, body: `{"gem":{"colour":"red","weight":1,"set":{"colour":"blue","weight":2}}}`,
			want: `{"gem":{"colour":"red","set":{"colour":"blue"}}}`, paths: []string{".gem.set.weight", ".gem.weight"},
		},
		{
			name: "in a list", properties: `"gems":{"type":"array","items":` + gem + `}`, body: `{"gems":[{"colour":"red"},{"weight":1},"odd"]}`,
			want: `{"gems":[{"colour":"red"},{},"odd"]}`, paths: []string{".gems[1].weight"},
		},
		{
			name: "in a map, whose own keys are free", properties: `"gems":{"additionalProperties":` + gem + `}`, body: `{"gems":{"a/b c":{"colour":"red","weight":1}}}`,
			want: `{"gems":{"a/b c":{"colour":"red"}}}`, paths: []string{`.gems["a/b c"].weight`},
		},
		{
			name: "what several schemas say is put together", properties: `"gem":{"properties":{"price":{}},"allOf":[` + gem + `,{"$ref":"#/components/schemas/earth.Cut"}]}`,
			body: `{"gem":{"price":1,"colour":"red","facets":3,"weight":1}}`, want: `{"gem":{"colour":"red","facets":3,"price":1}}`, paths: []string{".gem.weight"},
		},
		{name: "any field may be there", properties: `"a":{"additionalProperties":true,"properties":{"b":{}}}`, body: `{"a":{"x":{"y":1}}}`, want: `{"a":{"x":{"y":1}}}`},
		{name: "no other field may be there", properties: `"a":{"additionalProperties":false}`, body: `{"a":{"x":1}}`, want: `{"a":{}}`, paths: []string{".a.x"}},
		{name: "nothing is said of the fields", properties: `"a":{"type":"object"},"b":null`, body: `{"a":{"x":1},"b":{"y":1}}`, want: `{"a":{"x":1},"b":{"y":1}}`},
		{
			name: "what is unknown is kept, what is known is looked at", properties: `"a":{"x-kubernetes-preserve-unknown-fields":true,"properties":{"gem":` + gem + `}}`,
			body: `{"a":{"x":1,"gem":{"weight":1}}}`, want: `{"a":{"gem":{},"x":1}}`, paths: []string{".a.gem.weight"},
		},
		{
			name: "an object within the object", properties: `"a":{"x-kubernetes-embedded-resource":true,"properties":{"spec":` + gem + `}}`,
			body: `{"a":{"apiVersion":"v1","kind":"Gem","metadata":{"name":"a"},"spec":{},"weight":1}}`,
			want: `{"a":{"apiVersion":"v1","kind":"Gem","metadata":{"name":"a"},"spec":{}}}`, paths: []string{".a.weight"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, paths, err := Prune(t.Context(), serve(t, index, document(tt.properties)), rings, []byte(tt.body))
			if err != nil || string(got) != tt.want || !slices.Equal(paths, tt.paths) {
				t.Errorf("Prune = %s, %v, %v; want %s, %v", got, paths, err, tt.want, tt.paths)
			}
		})
	}
}

func TestPruneTellsNotMoreThanOneReads(t *testing.T) {
	body := map[string]any{strings.Repeat("x", 1000): 1}
	for i := range 30 {
		body[fmt.Sprint("unknown", i, "\x1b")] = i
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	got, paths, err := Prune(t.Context(), serve(t, index, document(`"a":{}`)), rings, raw)
	if err != nil || string(got) != "{}" || len(paths) != mostPaths {
		t.Fatalf("Prune = %s, %d paths, %v", got, len(paths), err)
	}
	for _, p := range paths {
		if len(p) > longestPath || strings.Contains(p, "\x1b") {
			t.Errorf("a path is %q", p)
		}
	}
}

func TestPruneFails(t *testing.T) {
	good := document(`"a":{}`)
	tests := []struct{ name, index, document, body, want string }{
		{"the cluster has no OpenAPI", "", good, `{}`, "/openapi/v3"},
		{"it is no JSON", "x", good, `{}`, "read /openapi/v3"},
		{"the group is not there", `{"paths":{}}`, good, `{}`, "no schemas of middle.earth/v1"},
		{"its address is none", `{"paths":{"apis/middle.earth/v1":{"serverRelativeURL":"%"}}}`, good, `{}`, "read /openapi/v3"},
		{"its document is not there", index, "", `{}`, "get /openapi/v3/apis/middle.earth/v1"},
		{"its document is no JSON", index, "x", `{}`, "read /openapi/v3/apis/middle.earth/v1"},
		{"the kind is not there", index, `{}`, `{}`, "no schema of middle.earth/v1"},
		{"a reference leads nowhere", index, document(`"a":{"$ref":"#/components/schemas/x"}`), `{"a":{}}`, `no schema "x"`},
		{"references go in circles", index, document(`"a":{"$ref":"#/components/schemas/earth.Loop"}`), `{"a":{}}`, "circles"},
		{"the body is no object", index, good, `[]`, "read the Ring"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Prune(t.Context(), serve(t, tt.index, tt.document), rings, []byte(tt.body))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Prune = %v; want something of %q", err, tt.want)
			}
		})
	}
}

// serve is a cluster behind a path, with this OpenAPI. What is empty is not there.
func serve(t *testing.T, index, document string) rest.Interface {
	t.Helper()
	answers := map[string]string{
		"/clusters/a/openapi/v3": index, "/clusters/a/openapi/v3/apis/middle.earth/v1?hash=AB%2BC": document,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[r.URL.String()]
		if answer == "" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL + "/clusters/a"}
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	api, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return api
}
