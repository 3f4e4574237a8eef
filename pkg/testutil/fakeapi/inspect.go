package fakeapi

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Get returns an object; ok is false if it is not there.
func (a *API) Get(k kinds.Kind, namespace, name string) (o Object, ok bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	c := a.collections[k.Path("", "")]
	if c == nil || c.objects[id{namespace, name}] == nil {
		return Object{}, false
	}
	return a.shown(c.objects[id{namespace, name}]), true
}

// List returns all objects of a kind that the selector matches, in the order of their namespaces and names.
func (a *API) List(k kinds.Kind, selector labels.Selector) []Object {
	a.mu.RLock()
	defer a.mu.RUnlock()
	c := a.collections[k.Path("", "")]
	if c == nil {
		return nil
	}
	var all []Object
	for _, o := range c.all(match{labels: selector, fields: fields.Everything()}) {
		all = append(all, a.shown(o))
	}
	return all
}

// Version is the resourceVersion of the last write: as long as it is the same, nothing was written.
func (a *API) Version() uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.version
}

// Count returns how many objects there are, beside the namespaces default and kube-system.
func (a *API) Count() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	n := -2
	for _, c := range a.collections {
		n += len(c.objects)
	}
	return n
}

// Put writes an object as a client of that name would that is not the one under test. The body is JSON with metadata.name and, unless the
// kind has none, metadata.namespace.
func (a *API) Put(k kinds.Kind, manager string, body []byte) error {
	c := a.collections[k.Path("", "")]
	if c == nil {
		return fmt.Errorf("%s is not served", k.ID())
	}
	said, err := parse(body)
	if err != nil {
		return err
	}
	_, err = a.write(c, request{namespace: said.namespace, name: said.name, manager: manager, operation: update}, body)
	return err
}

// SetStatus writes the status of an object, as controllers of the cluster do. It reports whether the object is there.
func (a *API) SetStatus(k kinds.Kind, namespace, name string, status json.RawMessage) bool {
	c := a.collections[k.Path("", "")]
	return c != nil && a.setStatus(c, id{namespace, name}, 0, status)
}

// Delete takes an object out, as a client of the cluster would. It reports whether it was there.
func (a *API) Delete(k kinds.Kind, namespace, name string) bool {
	c := a.collections[k.Path("", "")]
	return c != nil && a.take(c, request{namespace: namespace, name: name}, "", "") == nil
}
