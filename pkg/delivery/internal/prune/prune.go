// Package prune takes out of an object what a cluster has no place for.
package prune

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

const (
	mostPaths   = 20  // that are told
	longestPath = 256 // bytes
)

// Prune asks the cluster for the schema of the kind and returns the body without the fields that the schema does not have, and the paths
// of these, such as .spec.template.spec.containers[0].baz, at most twenty. With no paths the body is the one that was given. Where
// a schema says nothing about what may be there, all of it stays.
//
// It reads one document of the cluster's OpenAPI, which may have megabytes, and keeps nothing of it: it is for an apply that has been
// refused, not for every one.
func Prune(ctx context.Context, api rest.Interface, kind schema.GroupVersionKind, body []byte) (pruned []byte, paths []string, err error) {
	s, err := fetch(ctx, api, kind)
	if err != nil {
		return nil, nil, fmt.Errorf("look up the schema of %s: %w", kind, err)
	}
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber() // large ones stay as they are
	var object map[string]any
	if err := numbers.Decode(&object); err != nil {
		return nil, nil, fmt.Errorf("read the %s to be pruned: %w", kind.Kind, err)
	}
	p := pruner{schemas: s}
	if err := p.value(object, s.root, ""); err != nil {
		return nil, nil, fmt.Errorf("read the schema of %s: %w", kind, err)
	}
	if p.dropped == 0 {
		return body, nil, nil
	}
	pruned, err = json.Marshal(object)
	return pruned, p.paths, err
}

// pruner walks an object along its schema.
type pruner struct {
	schemas *schemas
	dropped int
	paths   []string
}

func (p *pruner) value(value any, s *node, path string) error {
	switch v := value.(type) {
	case map[string]any:
		return p.object(v, s, path)
	case []any:
		shape, err := p.schemas.shape(s)
		if err != nil || shape.items == nil {
			return err
		}
		for i := range v {
			if err := p.value(v[i], shape.items, path+"["+strconv.Itoa(i)+"]"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pruner) object(object map[string]any, s *node, path string) error {
	shape, err := p.schemas.shape(s)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field, known := shape.properties[name]
		switch {
		case known:
		case shape.others != nil:
			field = shape.others
		case shape.open:
			continue
		default:
			p.drop(path + step(name))
			delete(object, name)
			continue
		}
		if err := p.value(object[name], field, path+step(name)); err != nil {
			return err
		}
	}
	return nil
}

func (p *pruner) drop(path string) {
	p.dropped++
	if len(p.paths) < mostPaths {
		p.paths = append(p.paths, printable.Line(path, longestPath))
	}
}

var plain = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$-]*$`)

// step is a field's part of a path.
func step(name string) string {
	if plain.MatchString(name) {
		return "." + name
	}
	return "[" + strconv.Quote(name) + "]"
}
