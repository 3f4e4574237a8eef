package prune

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// largest is the size of the largest answer that is read; those of Kubernetes are below 2 MiB.
const largest = 64 << 20

// node is what is read of a schema. It is less than k8s.io/kube-openapi would read, of a document of which most is not needed.
type node struct {
	Ref                  string           `json:"$ref"`
	AllOf                []*node          `json:"allOf"`
	Properties           map[string]*node `json:"properties"`
	AdditionalProperties *additional      `json:"additionalProperties"`
	Items                *node            `json:"items"`
	PreserveUnknown      bool             `json:"x-kubernetes-preserve-unknown-fields"`
	Embedded             bool             `json:"x-kubernetes-embedded-resource"`
}

// additional is a schema, or a boolean.
type additional struct {
	allowed bool
	node    *node
}

// UnmarshalJSON reads either.
func (a *additional) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		a.allowed = true
		return json.Unmarshal(data, &a.node)
	}
	return json.Unmarshal(data, &a.allowed)
}

// schemas are those of a group version. They are decoded when they are needed.
type schemas struct {
	raw     map[string]json.RawMessage
	decoded map[string]*node
	shapes  map[*node]*shape
	root    *node
}

// fetch reads the schemas of a kind's group version.
func fetch(ctx context.Context, api rest.Interface, kind schema.GroupVersionKind) (*schemas, error) {
	raw, err := get(ctx, api, &url.URL{Path: "/openapi/v3"})
	if err != nil {
		return nil, err
	}
	var index struct {
		Paths map[string]struct {
			URL string `json:"serverRelativeURL"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("read /openapi/v3: %w", err)
	}
	path := "apis/" + kind.Group + "/" + kind.Version
	if kind.Group == "" {
		path = "api/" + kind.Version
	}
	where, err := url.Parse(index.Paths[path].URL)
	if err != nil {
		return nil, fmt.Errorf("read /openapi/v3: %w", err)
	}
	if where.Path == "" {
		return nil, fmt.Errorf("the cluster has no schemas of %s", kind.GroupVersion())
	}
	if raw, err = get(ctx, api, where); err != nil {
		return nil, err
	}
	var document struct {
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("read %s: %w", where.Path, err)
	}
	s := &schemas{raw: document.Components.Schemas, decoded: map[string]*node{}, shapes: map[*node]*shape{}}
	name, err := s.find(kind)
	if err != nil {
		return nil, err
	}
	s.root, err = s.named(name)
	return s, err
}

// get reads an answer that is not too large.
func get(ctx context.Context, api rest.Interface, where *url.URL) ([]byte, error) {
	request := api.Get().AbsPath(where.Path).SetHeader("Accept", "application/json").MaxRetries(0)
	for name, values := range where.Query() {
		for _, v := range values {
			request.Param(name, v)
		}
	}
	answer, err := request.Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", where.Path, err)
	}
	raw, err := io.ReadAll(io.LimitReader(answer, largest+1))
	if err = errors.Join(err, answer.Close()); err != nil {
		return nil, fmt.Errorf("get %s: %w", where.Path, err)
	}
	if len(raw) > largest {
		return nil, fmt.Errorf("get %s: it has more than %d MiB", where.Path, largest>>20)
	}
	return raw, nil
}

// find returns the name of a kind's schema.
func (s *schemas) find(kind schema.GroupVersionKind) (string, error) {
	const mark = "x-kubernetes-group-version-kind"
	for name, raw := range s.raw {
		if !bytes.Contains(raw, []byte(mark)) {
			continue
		}
		var of struct {
			Kinds []schema.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
		}
		if err := json.Unmarshal(raw, &of); err != nil {
			return "", fmt.Errorf("schema %q: %w", name, err)
		}
		for _, k := range of.Kinds {
			if k == kind {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("the cluster has no schema of %s", kind)
}

func (s *schemas) named(name string) (*node, error) {
	if n := s.decoded[name]; n != nil {
		return n, nil
	}
	raw, ok := s.raw[name]
	if !ok {
		return nil, fmt.Errorf("there is no schema %q", name)
	}
	n := &node{}
	if err := json.Unmarshal(raw, n); err != nil {
		return nil, fmt.Errorf("schema %q: %w", name, err)
	}
	s.decoded[name] = n
	return n, nil
}

// shape is what a schema says of an object or a list.
type shape struct {
	properties map[string]*node
	others     *node // of fields that are not named
	items      *node
	open       bool // there may be fields of which nothing is said
}

// shape puts together what a schema says itself and by what it refers to.
func (s *schemas) shape(n *node) (*shape, error) {
	if known := s.shapes[n]; known != nil {
		return known, nil
	}
	found := &shape{properties: map[string]*node{}}
	closed := false
	if err := s.gather(n, found, &closed, 0); err != nil {
		return nil, err
	}
	found.open = found.open || !closed
	s.shapes[n] = found
	return found, nil
}

// gather sets closed when something is said of which fields there are.
func (s *schemas) gather(n *node, into *shape, closed *bool, depth int) error {
	if depth > 32 {
		return errors.New("its references go in circles")
	}
	if n == nil { // nothing is said
		return nil
	}
	maps.Copy(into.properties, n.Properties)
	*closed = *closed || len(n.Properties) > 0
	into.open = into.open || n.PreserveUnknown
	if n.Embedded {
		for _, name := range []string{"apiVersion", "kind", "metadata"} {
			if into.properties[name] == nil {
				into.properties[name] = &node{}
			}
		}
	}
	if a := n.AdditionalProperties; a != nil {
		*closed = true
		if a.node != nil {
			into.others = a.node
		}
		into.open = into.open || a.allowed && a.node == nil
	}
	if n.Items != nil {
		into.items = n.Items
	}
	all := n.AllOf
	if n.Ref != "" {
		referred, err := s.named(n.Ref[strings.LastIndexByte(n.Ref, '/')+1:])
		if err != nil {
			return err
		}
		all = append([]*node{referred}, all...)
	}
	for _, part := range all {
		if err := s.gather(part, into, closed, depth+1); err != nil {
			return err
		}
	}
	return nil
}
