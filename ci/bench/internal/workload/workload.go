// Package workload makes the objects that benchmarks propagate: a mix like that of a company's applications, the same for the same seed.
package workload

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// PerNamespace is how many objects a namespace has, itself included.
const PerNamespace = 100

// Object is one to apply.
type Object struct {
	Kind            kinds.Kind
	Namespace, Name string // Namespace is "" for a namespace itself
	Body            []byte // JSON
}

// Set makes objects. Sets of other prefixes have none in common.
type Set struct {
	Prefix string // of namespaces, which are PREFIX-00000 and so on
	Seed   uint64
	Labels map[string]string // of every object
}

// Objects returns the first n objects of the set. Namespaces come before what is in them.
func (s Set) Objects(n int) []Object {
	all := make([]Object, n)
	for i := range all {
		all[i] = s.Object(i)
	}
	return all
}

// Object returns the object of that number, from 0.
func (s Set) Object(i int) Object {
	namespace := s.Namespace(i / PerNamespace)
	if i%PerNamespace == 0 {
		return s.encode(namespaces, "", namespace, map[string]any{})
	}
	r := rand.New(rand.NewPCG(s.Seed, uint64(i))) //nolint:gosec // numbers, not secrets
	lot := r.IntN(100)
	for _, make := range mix {
		if lot -= make.share; lot < 0 {
			return s.encode(make.kind, namespace, fmt.Sprintf("%s-%05d", make.prefix, i), make.content(r, i))
		}
	}
	panic("the shares of the mix are less than 100")
}

// Namespace is the name of the namespace of that number.
func (s Set) Namespace(i int) string { return fmt.Sprintf("%s-%05d", s.Prefix, i) }

// Namespaces is how many there are among the first n objects.
func Namespaces(n int) int { return (n + PerNamespace - 1) / PerNamespace }

func (s Set) encode(k kinds.Kind, namespace, name string, content map[string]any) Object {
	labels := map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": s.Prefix}
	for k, v := range s.Labels {
		labels[k] = v
	}
	metadata := map[string]any{"name": name, "labels": labels}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	content["apiVersion"], content["kind"], content["metadata"] = k.GroupVersionKind().GroupVersion().String(), k.Kind, metadata
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // strings, numbers, and maps and lists of them
	}
	return Object{Kind: k, Namespace: namespace, Name: name, Body: body}
}
